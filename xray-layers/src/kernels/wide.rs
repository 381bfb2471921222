//! Compiles loops a second time for processors with AVX2.

/// Runs `work`, compiled for AVX2 where the processor has it. Products are never contracted into fused multiply-adds, so
/// both versions give the same bits. What `work` calls must be `#[inline(always)]`.
#[inline(always)]
pub(super) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(simd, work);
    }
    work()
}
