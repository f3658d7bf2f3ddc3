package dev.filigree.bench;

import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** What multiplies the matrices of dense linear layers. */
enum DenseEngine {
  /** What libtorch takes by itself; its kernels are chosen by OPENBLAS_CORETYPE. */
  OPENBLAS("OpenBLAS") {
    @Override
    void use(Layer layer) {
      each(layer, linear -> linear.product(null));
    }
  },
  /** Intel's library, by libtorch's operator for its tensors. */
  ONEDNN("oneDNN") {
    @Override
    void use(Layer layer) {
      each(
          layer,
          linear ->
              linear.product(
                  (x, bias) ->
                      torch
                          .mkldnn_linear(x.to_mkldnn(), linear.weight(), optional(bias))
                          .to_dense()));
    }
  };

  private static TensorOptional optional(@Nullable Tensor bias) {
    return bias == null ? new TensorOptional() : new TensorOptional(bias);
  }

  private final String label;

  DenseEngine(String label) {
    this.label = label;
  }

  /** Makes every linear layer of a dense model use the engine. */
  abstract void use(Layer layer);

  String label() {
    return label;
  }

  private static void each(Layer layer, java.util.function.Consumer<Linear> action) {
    if (layer instanceof Linear linear) {
      action.accept(linear);
    }
    layer.layers().values().forEach(child -> each(child, action));
  }
}
