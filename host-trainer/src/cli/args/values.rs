//! The names of choices on the command line.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::architectures::BackboneKind;
use crate::commands::export::HeadTrainedOn;
use crate::data::Split;
use crate::data::augment::Preset;
use crate::data::dicom_facts::DicomGroup;
use crate::data::table::{TablePreset, Uncertain};
use crate::device::DeviceChoice;
use crate::head::ClassWeights;
use crate::head::callbacks::Monitor;
use crate::pipeline::FeaturePrecision;
use crate::run::ChooseOn;

macro_rules! value_enum {
    ($kind:ident { $($variant:ident => $name:literal, $help:literal;)* }) => {
        impl ValueEnum for $kind {
            fn value_variants<'a>() -> &'a [Self] {
                &[$($kind::$variant),*]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(match self {
                    $($kind::$variant => PossibleValue::new($name).help($help),)*
                })
            }
        }
    };
}

value_enum!(DeviceChoice {
    Auto => "auto", "A GPU that this build supports and that is there, else the CPU; says which and why. Never a software driver";
    Cpu => "cpu", "The processor, through burn's flex backend";
    Vulkan => "vulkan", "A GPU (or a software driver) through Vulkan; needs the cargo feature `vulkan`";
    Metal => "metal", "A GPU of a Mac; needs the cargo feature `metal`";
    Cuda => "cuda", "An NVIDIA GPU; needs the cargo feature `cuda`";
});

value_enum!(BackboneKind {
    DenseNet169 => "densenet169", "DenseNet with 169 layers (Huang 2017, arXiv 1608.06993)";
    MobilenetV2 => "mobilenet-v2", "MobileNetV2, width 1.0 (Sandler 2018, arXiv 1801.04381)";
    DenseNet121 => "densenet121", "DenseNet with 121 layers (Huang 2017, arXiv 1608.06993)";
});

value_enum!(HeadTrainedOn {
    Int8 => "int8", "Features of the int8 backbones, as the device computes them";
    Float => "float", "Features of the float backbones, as the run computed them";
});

value_enum!(FeaturePrecision {
    Auto => "auto", "`int8` where the device is the CPU, else `float`";
    Int8 => "int8", "The backbones in int8, on the engine that runs on the board";
    Float => "float", "The backbones in float32, on the device that --device names";
});

value_enum!(Monitor {
    ValLoss => "val-loss", "Mean binary cross-entropy of the validation images; less is better";
    ValAccuracy => "val-accuracy", "Share of validation images on the right side of 0.5; more is better";
    ValAuroc => "val-auroc", "Area under the ROC curve of the validation images; more is better";
});

value_enum!(ClassWeights {
    None => "none", "One for both";
    Balanced => "balanced", "Half of all samples divided by those of the class, so that both weigh the same";
});

value_enum!(Split {
    Train => "train", "`train`";
    Val => "val", "`val`";
    Test => "test", "`test`";
});

value_enum!(Preset {
    None => "none", "Images as they are";
    Article => "article", "Left and right exchanged at random";
    Robust => "robust", "As `article`, and changes of position, shape, exposure, sharpness, noise and borders";
});

value_enum!(TablePreset {
    Own => "own", "image,label[,patient][,split][,subgroup][,source]";
    Nih => "nih", "NIH ChestX-ray14: Data_Entry_2017.csv or Data_Entry_2017_v2020.csv";
    Chexpert => "chexpert", "CheXpert: train.csv or valid.csv";
    Vindr => "vindr", "VinDr-CXR or VinDr-PCXR: image_labels_train.csv or image_labels_test.csv";
    Rsna => "rsna", "RSNA Pneumonia Detection Challenge: stage_2_train_labels.csv or stage_2_detailed_class_info.csv";
});

value_enum!(DicomGroup {
    View => "view", "ViewPosition: PA, AP, ...";
    Sex => "sex", "PatientSex";
    Age => "age", "PatientAge, or the dates of birth and study: below 1, 1 to 5, 6 to 17, 18 to 64, 65 and older";
    StudyYear => "study-year", "The year of StudyDate";
});

value_enum!(Uncertain {
    LeaveOut => "leave-out", "They are left out";
    Negative => "negative", "They count as images without the finding";
    Positive => "positive", "They count as images with the finding";
});

value_enum!(ChooseOn {
    Corrupted => "corrupted", "Validation images as they are, and changes of each from the corruption suite";
    Clean => "clean", "Validation images as they are";
    Drawn => "drawn", "Validation images as they are, and --draws of each";
    Worst => "worst", "All of these; the epoch by the hospital and view that does worst, the threshold so that its rule is met in each";
});
