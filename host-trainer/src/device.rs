//! Where tensors are computed.

use burn::tensor::Device;

/// The devices that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DeviceChoice {
    /// A GPU that this build can drive and that is there, else the CPU; says which and why.
    Auto,
    /// The processor, through burn's flex backend.
    Cpu,
    /// A GPU (or a software driver) through Vulkan; needs the cargo feature `vulkan`.
    Vulkan,
    /// A GPU of a Mac; needs the cargo feature `metal`.
    Metal,
    /// An NVIDIA GPU; needs the cargo feature `cuda`.
    Cuda,
}

/// A device that was chosen, and why.
#[derive(Debug, Clone)]
pub struct ChosenDevice {
    /// The device.
    pub device: Device,
    /// A short name for records, such as `cpu`.
    pub name: &'static str,
    /// Why it was taken, for people.
    pub reason: String,
}

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The backend is not in this build.
    #[error(
        "this build has no `{name}` backend; build it with `cargo build --release -p host-trainer --features {name}`, \
         or use `--device cpu`"
    )]
    NotBuilt {
        /// Name of the device and of its cargo feature.
        name: &'static str,
    },
    /// The backend is in this build, but there is no adapter.
    #[error("no {name} adapter was found on this machine; check its driver, or use `--device cpu`")]
    NoAdapter {
        /// Name of the device.
        name: &'static str,
    },
}

/// Chooses the device.
///
/// # Errors
/// [`DeviceError`] if a device was asked for by name and cannot be used; `auto` falls to the CPU and says so.
pub fn choose(choice: DeviceChoice) -> Result<ChosenDevice, DeviceError> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu("asked for".to_owned())),
        DeviceChoice::Vulkan => gpu("vulkan", vulkan()),
        DeviceChoice::Metal => gpu("metal", metal()),
        DeviceChoice::Cuda => gpu("cuda", cuda()),
        DeviceChoice::Auto => Ok(auto()),
    }
}

fn auto() -> ChosenDevice {
    let mut tried = Vec::new();
    for (name, found) in [("cuda", cuda()), ("metal", metal()), ("vulkan", vulkan())] {
        match gpu(name, found) {
            Ok(chosen) => return ChosenDevice { reason: "the first GPU found".to_owned(), ..chosen },
            Err(DeviceError::NotBuilt { .. }) => tried.push(format!("{name} not in this build")),
            Err(DeviceError::NoAdapter { .. }) => tried.push(format!("no {name} adapter")),
        }
    }
    cpu(tried.join(", "))
}

fn cpu(reason: String) -> ChosenDevice {
    ChosenDevice { device: Device::flex(), name: "cpu", reason }
}

/// `None`: not in this build. An empty list: no adapter.
type Found = Option<Vec<Device>>;

fn gpu(name: &'static str, found: Found) -> Result<ChosenDevice, DeviceError> {
    let devices = found.ok_or(DeviceError::NotBuilt { name })?;
    let device = devices.into_iter().next().ok_or(DeviceError::NoAdapter { name })?;
    Ok(ChosenDevice { device, name, reason: "asked for".to_owned() })
}

#[cfg(feature = "vulkan")]
fn vulkan() -> Found {
    Some(Device::enumerate(burn::tensor::DeviceType::Vulkan).into_vec())
}
#[cfg(not(feature = "vulkan"))]
fn vulkan() -> Found {
    None
}

#[cfg(feature = "metal")]
fn metal() -> Found {
    Some(Device::enumerate(burn::tensor::DeviceType::Metal).into_vec())
}
#[cfg(not(feature = "metal"))]
fn metal() -> Found {
    None
}

#[cfg(feature = "cuda")]
fn cuda() -> Found {
    Some(Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec())
}
#[cfg(not(feature = "cuda"))]
fn cuda() -> Found {
    None
}
