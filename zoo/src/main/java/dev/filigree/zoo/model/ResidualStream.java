package dev.filigree.zoo.model;

import dev.filigree.torch.Autocast;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** What the blocks of a network read and add to. */
final class ResidualStream {
  private ResidualStream() {}

  /**
   * The stream that begins with an embedding. On a GPU, where passes over it take a good part of a
   * step, it is bfloat16 while products are; float32 otherwise, as float16 could not hold its
   * range.
   */
  static Tensor of(Tensor embedded) {
    boolean narrow = embedded.is_cuda() && Autocast.type(DeviceType.CUDA) == ScalarType.BFloat16;
    return narrow ? embedded.to(ScalarType.BFloat16) : embedded;
  }
}
