//! The device that computes tensors.

use burn::tensor::Device;

/// Which device shall compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU that this build can drive and that is there, else the CPU; says which and why. Never a software driver.
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

/// A device and why it was chosen.
#[derive(Debug, Clone)]
pub struct ChosenDevice {
    pub device: Device,
    /// Other devices of the same model, for work that can be distributed.
    pub others: Vec<Device>,
    /// A short name for records, such as `cpu`.
    pub name: &'static str,
    /// Why it was chosen, with the name of the hardware.
    pub reason: String,
    /// Whether it is a software driver.
    pub software: bool,
    /// How to get a faster build, if this build has no GPU backend.
    pub hint: Option<&'static str>,
}

/// [`ChosenDevice::hint`] of a build without a GPU backend.
const NO_GPU_BACKEND: &str = "this build has no GPU backend; for a GPU, build with `cargo build --release -p host-trainer \
                              --features vulkan` (or `cuda`, `metal`)";

const CPU: &str = "cpu";

impl ChosenDevice {
    /// The name of the device, and why it was chosen.
    pub fn description(&self) -> String {
        format!("{} ({})", self.name, self.reason)
    }

    /// All devices of the same model.
    pub fn all(&self) -> impl Iterator<Item = &Device> {
        std::iter::once(&self.device).chain(&self.others)
    }

    /// Whether it is the processor.
    pub fn is_cpu(&self) -> bool {
        self.name == CPU
    }

    /// The device that trains heads: this one, or the CPU instead of a software driver. Mesa's llvmpipe (22.3, LLVM 15)
    /// computes features rightly and dies of a segmentation fault in the training.
    pub fn trainer(&self) -> Device {
        if self.software { Device::flex() } else { self.device.clone() }
    }
}

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    #[error(
        "this build has no `{name}` backend; build it with `cargo build --release -p host-trainer --features {name}`, \
         or use `--device cpu`"
    )]
    NotBuilt {
        /// Name of the device and of its cargo feature.
        name: &'static str,
    },
    #[error("no {name} adapter was found on this machine; check its driver, or use `--device cpu`")]
    NoAdapter { name: &'static str },
    #[error("the {name} adapter cannot be opened; check its driver, or use `--device cpu`")]
    Closed { name: &'static str },
    #[error("the only {name} adapter, {adapter}, is a software driver")]
    Software {
        name: &'static str,
        /// The name that the driver gives itself.
        adapter: String,
    },
}

/// Chooses the device.
///
/// # Errors
/// [`DeviceError`] if a device was asked for by name and cannot be used; `auto` falls to the CPU and says so.
pub fn choose(choice: DeviceChoice) -> Result<ChosenDevice, DeviceError> {
    let named = |name, adapters| Ok(gpu(name, adapters)?.into_chosen("asked for"));
    match choice {
        DeviceChoice::Cpu => Ok(cpu("asked for".to_owned())),
        DeviceChoice::Vulkan => named("vulkan", vulkan()),
        DeviceChoice::Metal => named("metal", metal()),
        DeviceChoice::Cuda => named("cuda", cuda()),
        DeviceChoice::Auto => Ok(auto()),
    }
}

fn auto() -> ChosenDevice {
    let (mut tried, mut built) = (Vec::new(), false);
    for (name, adapters) in [("cuda", cuda()), ("metal", metal()), ("vulkan", vulkan())] {
        match gpu(name, adapters).and_then(Adapter::hardware) {
            Ok(adapter) => return adapter.into_chosen("the first GPU found"),
            Err(DeviceError::NotBuilt { .. }) => {
                tried.push(format!("{name} not in this build"));
                continue;
            }
            Err(DeviceError::NoAdapter { .. }) => tried.push(format!("no {name} adapter")),
            Err(DeviceError::Closed { .. }) => tried.push(format!("the {name} adapter cannot be opened")),
            Err(DeviceError::Software { adapter, .. }) => {
                tried.push(format!("{name} has only the software driver {adapter}, which is slower"));
            }
        }
        built = true;
    }
    ChosenDevice { hint: (!built).then_some(NO_GPU_BACKEND), ..cpu(tried.join(", ")) }
}

fn cpu(reason: String) -> ChosenDevice {
    ChosenDevice {
        device: Device::flex(),
        others: Vec::new(),
        name: CPU,
        reason,
        software: false,
        hint: None,
    }
}

/// The adapters of a backend. `None`: the backend is not in this build. Empty: no adapter.
type Adapters = Option<Vec<Device>>;

/// The first adapter of a backend; burn lists hardware before software drivers.
struct Adapter {
    name: &'static str,
    device: Device,
    identity: Identity,
    /// The other adapters of the backend, not opened yet.
    rest: Vec<Device>,
}

/// The name that a device reports.
#[derive(PartialEq, Eq)]
struct Identity {
    name: String,
    software: bool,
}

fn gpu(name: &'static str, adapters: Adapters) -> Result<Adapter, DeviceError> {
    let mut devices = adapters.ok_or(DeviceError::NotBuilt { name })?.into_iter();
    let device = devices.next().ok_or(DeviceError::NoAdapter { name })?;
    let identity = identity(&device).ok_or(DeviceError::Closed { name })?;
    Ok(Adapter { name, device, identity, rest: devices.collect() })
}

impl Adapter {
    fn hardware(self) -> Result<Self, DeviceError> {
        if self.identity.software {
            return Err(DeviceError::Software { name: self.name, adapter: self.identity.name });
        }
        Ok(self)
    }

    /// Work is distributed evenly, so only adapters of the same model help, and only they give the same features.
    fn into_chosen(self, why: &str) -> ChosenDevice {
        let same = |device: &Device| identity(device).as_ref() == Some(&self.identity);
        let others: Vec<Device> = self.rest.into_iter().filter(same).collect();
        let count = match others.len() {
            0 => String::new(),
            more => format!("{} of ", more + 1),
        };
        let software = self.identity.software;
        let head = if software { ", a software driver: it computes features, the CPU trains" } else { "" };
        let reason = format!("{why}: {count}{}{head}", self.identity.name);
        ChosenDevice { device: self.device, others, name: self.name, reason, software, hint: None }
    }
}

/// Opens a device and reads its name; none if it cannot be opened. burn panics in that case and has no other way
/// to say it.
#[cfg(any(feature = "vulkan", feature = "metal", feature = "cuda"))]
fn identity(device: &Device) -> Option<Identity> {
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| device.identity()));
    let identity = asked.ok()??;
    Some(Identity { name: identity.name, software: identity.physical.is_none() })
}
#[cfg(not(any(feature = "vulkan", feature = "metal", feature = "cuda")))]
fn identity(_device: &Device) -> Option<Identity> {
    None
}

#[cfg(feature = "vulkan")]
fn vulkan() -> Adapters {
    Some(Device::enumerate(burn::tensor::DeviceType::Vulkan).into_vec())
}
#[cfg(not(feature = "vulkan"))]
fn vulkan() -> Adapters {
    None
}

#[cfg(feature = "metal")]
fn metal() -> Adapters {
    Some(Device::enumerate(burn::tensor::DeviceType::Metal).into_vec())
}
#[cfg(not(feature = "metal"))]
fn metal() -> Adapters {
    None
}

#[cfg(feature = "cuda")]
fn cuda() -> Adapters {
    Some(Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec())
}
#[cfg(not(feature = "cuda"))]
fn cuda() -> Adapters {
    None
}
