/* The most int8 multiplications a second that one core does: VPDPBUSD on registers alone, twelve sums side by side so
 * that none waits for another. Prints GMAC/s. cc -O2 -mavx512f -mavx512vnni peak.c */
#include <immintrin.h>
#include <stdio.h>
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

#define STEP(n) "vpdpbusd %%zmm30, %%zmm31, %%zmm" #n "\n"

int main(void) {
    enum { SUMS = 12, ROUNDS = 3000000 };
    double best = 0;
    for (int trial = 0; trial < 9; trial++) {
        double start = seconds();
        for (int round = 0; round < ROUNDS; round++) {
            __asm__ volatile(STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7) STEP(8) STEP(9)
                                 STEP(10) STEP(11)::
                                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                                       "xmm9", "xmm10", "xmm11");
        }
        double speed = (double)ROUNDS * SUMS * 64 / (seconds() - start) / 1e9;
        if (speed > best) best = speed;
    }
    printf("%.0f\n", best);
    return 0;
}
