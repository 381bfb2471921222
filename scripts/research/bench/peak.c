/* Measures the most exact int8 multiplications a second of one core on registers alone, with enough independent sums to
 * hide the latency: an upper bound for the kernels. Prints a line for each instruction set of the processor. Trials are
 * short and many, so that on a busy machine some run undisturbed.
 *
 *   cc -O2 peak.c -o peak && ./peak */
#include <cpuid.h>
#include <stdio.h>
#include <time.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

#define CLOBBERED \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
      "xmm14", "xmm15"

/* Runs `code`, which does `macs` multiplications. */
#define PEAK(name, code, macs)                                                                    \
  do {                                                                                            \
    enum { ROUNDS = 20000, TRIALS = 1000 };                                                       \
    double best = 0;                                                                              \
    for (int trial = 0; trial < TRIALS; trial++) {                                                \
      double start = seconds();                                                                   \
      for (int round = 0; round < ROUNDS; round++) __asm__ volatile(code ::: CLOBBERED);          \
      double speed = (double)ROUNDS * (macs) / (seconds() - start) / 1e9;                         \
      if (speed > best) best = speed;                                                             \
    }                                                                                             \
    printf("%s: %.0f GMAC/s\n", name, best);                                                      \
  } while (0)

#define DOT(register, n) "vpdpbusd %%" register "14, %%" register "15, %%" register #n "\n"
#define VEX(n) "%{vex%} " DOT("ymm", n)
#define EVEX(n) DOT("zmm", n)
/* Two products of int16 for each of eight sums. */
#define WORDS(n) "vpmaddwd %%ymm14, %%ymm15, %%ymm13\n vpaddd %%ymm13, %%ymm" #n ", %%ymm" #n "\n"
/* A full bin of the AVX2 kernel: four times two products in 16 bits, then to 32. */
#define BIN(n, a, b)                                                                                    \
  "vpmaddubsw %%ymm14, %%ymm15, %%ymm" #a "\n vpmaddubsw %%ymm14, %%ymm15, %%ymm" #b "\n"               \
  "vpaddw %%ymm" #a ", %%ymm" #b ", %%ymm" #a "\n vpmaddubsw %%ymm14, %%ymm15, %%ymm" #b "\n"           \
  "vpaddw %%ymm" #a ", %%ymm" #b ", %%ymm" #a "\n vpmaddubsw %%ymm14, %%ymm15, %%ymm" #b "\n"           \
  "vpaddw %%ymm" #a ", %%ymm" #b ", %%ymm" #a "\n vpmaddwd %%ymm14, %%ymm" #a ", %%ymm" #a "\n"         \
  "vpaddd %%ymm" #a ", %%ymm" #n ", %%ymm" #n "\n"

#define TWELVE(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11)

static int bit(unsigned leaf, unsigned sub, int which, int at) {
  unsigned r[4];
  if (!__get_cpuid_count(leaf, sub, &r[0], &r[1], &r[2], &r[3])) return 0;
  return r[which] >> at & 1;
}

int main(void) {
  enum { A, B, C };
  int avx2 = bit(7, 0, B, 5);
  if (bit(7, 0, B, 16) && bit(7, 0, C, 11)) PEAK("vpdpbusd, 512 bits", TWELVE(EVEX), 12 * 64);
  if (avx2 && bit(7, 1, A, 4)) PEAK("vpdpbusd, 256 bits", TWELVE(VEX), 12 * 32);
  if (avx2) {
    PEAK("vpmaddubsw in bins of four, 256 bits",
         BIN(0, 7, 8) BIN(1, 9, 10) BIN(2, 11, 12) BIN(3, 7, 8) BIN(4, 9, 10) BIN(5, 11, 12), 6 * 128);
    PEAK("vpmaddwd on int16, 256 bits", TWELVE(WORDS), 12 * 16);
  }
  return 0;
}
