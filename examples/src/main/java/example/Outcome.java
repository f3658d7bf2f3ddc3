package example;

/**
 * How a training ended.
 *
 * @param loss nats an example
 * @param accuracy a fraction
 * @param sparsity counted over the sparse parameters, a fraction
 */
record Outcome(double loss, double accuracy, double sparsity) {
  @Override
  public String toString() {
    return "loss %.3f, accuracy %.1f %%, sparsity %.1f %%"
        .formatted(loss, 100 * accuracy, 100 * sparsity);
  }
}
