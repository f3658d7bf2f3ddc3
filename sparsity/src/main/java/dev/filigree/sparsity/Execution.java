package dev.filigree.sparsity;

/** How sparse parameters are stored and computed with. */
public enum Execution {
  /** Compressed where it is possible and measured faster, else masked; per layer. */
  AUTO,
  /** Dense tensors times masks: any module, any device. */
  MASKED,
  /** Only the kept weights exist; on the CPU, for {@link dev.filigree.nn.Linear} layers. */
  COMPRESSED
}
