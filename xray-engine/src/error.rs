//! Why a graph could not be loaded or run.

/// Why a graph could not be loaded or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// tract refuses the graph, or a part that was recognised in it cannot be planned.
    #[error("the graph could not be loaded: {reason}; export it as standard ONNX with known sizes")]
    Load {
        /// tract's message.
        reason: String,
    },
    /// The run failed, such as on an input of another size than the graph takes.
    #[error("the graph failed on this input: {reason}; compare the input's shape with the graph's")]
    Run {
        /// tract's message.
        reason: String,
    },
    /// The system gives no more threads.
    #[error("{count} threads could not be started: {reason}; ask for fewer")]
    Threads {
        /// How many were asked for.
        count: usize,
        /// The system's message.
        reason: String,
    },
}
