package dev.filigree.zoo.model;

import java.util.List;

/**
 * One tensor of a Hugging Face checkpoint and the parameters of ours that it holds.
 *
 * @param name its name in the checkpoint
 * @param shape its shape there
 * @param parameters the names of our parameters in it
 * @param layout how they lie in it
 */
public record HuggingFaceTensor(
    String name, List<Long> shape, List<String> parameters, Layout layout) {
  /** The lists are copied. */
  public HuggingFaceTensor {
    shape = List.copyOf(shape);
    parameters = List.copyOf(parameters);
  }

  static HuggingFaceTensor same(String name, List<Long> shape) {
    return new HuggingFaceTensor(name, shape, List.of(name), new Layout.Same());
  }
}
