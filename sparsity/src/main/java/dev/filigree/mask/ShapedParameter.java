package dev.filigree.mask;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/** A name, a shape, and scores that are computed on demand. */
final class ShapedParameter implements Distribution.Parameter {
  private final String name;
  private final long[] shape;
  private final Supplier<Tensor> scores;

  ShapedParameter(String name, long[] shape, Supplier<Tensor> scores) {
    this.name = name;
    this.shape = shape.clone();
    this.scores = scores;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  @Override
  public Tensor scores() {
    return scores.get();
  }
}
