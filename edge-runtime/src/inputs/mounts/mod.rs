//! Which file systems are mounted, and mounting sticks where nothing else does.

mod file_system;
mod mounter;
mod partitions;
mod table;

pub use file_system::FileSystem;
pub use mounter::{KernelMounter, Mounter, OtherMounter};
pub use partitions::Partition;
pub(super) use table::disk_of;
pub use table::{Mount, MountTable, MountTableError, is_own_disk};
