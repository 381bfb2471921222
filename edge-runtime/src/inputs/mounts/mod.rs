//! Which file systems are mounted, and mounting sticks where nothing else does.

mod mounter;
mod table;

pub use mounter::{KernelMounter, Mounter, Partition};
pub use table::{Mount, MountTable, MountTableError};
