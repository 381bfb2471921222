//! x86-64: AVX-512 with VNNI (Cascade Lake, Zen 4 and later), AVX-VNNI without it (Alder Lake and later), AVX2
//! (Haswell, Zen 1 and later).

/// Forwards the operators that work plane by plane to functions of this instruction set.
macro_rules! plane_operators {
    ($module:ident) => {
        fn depthwise(&self, job: &Depthwise, src: &[u8], dst: &mut [u8]) {
            // SAFETY: the features were detected before this kernel was handed out.
            unsafe { $module::depthwise(job, src, dst) }
        }

        fn affine(&self, job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
            // SAFETY: the features were detected before this kernel was handed out.
            unsafe { $module::affine(job, plane, src, dst) }
        }

        fn affine_pool(&self, job: &Affine, plane: Plane, src: &[u8], dst: &mut [u8]) {
            // SAFETY: the features were detected before this kernel was handed out.
            unsafe { $module::affine_pool(job, plane, src, dst) }
        }

        fn add(&self, job: &Add, a: &[u8], b: &[u8], dst: &mut [u8]) {
            // SAFETY: the features were detected before this kernel was handed out.
            unsafe { $module::add(job, a, b, dst) }
        }
    };
}

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
