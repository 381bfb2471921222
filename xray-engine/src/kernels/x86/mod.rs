//! x86-64: AVX-512 with VNNI (Cascade Lake, Zen 4 and later), AVX-VNNI without it (Alder Lake and later), AVX2
//! (Haswell, Zen 1 and later).

mod avx2;
mod avx2_planes;
mod avx_vnni;
mod block8;
mod vnni;
mod vnni_planes;

use super::Kernel;

/// The kernels of this family that this processor can run, fastest first.
pub(super) fn available() -> Vec<&'static dyn Kernel> {
    let mut kernels: Vec<&'static dyn Kernel> = Vec::new();
    if vnni::Vnni::detected() {
        kernels.push(&vnni::VNNI);
    }
    if avx_vnni::AvxVnni::detected() {
        kernels.push(&avx_vnni::AVX_VNNI);
    }
    if avx2::Avx2::detected() {
        kernels.push(&avx2::AVX2);
    }
    kernels
}
