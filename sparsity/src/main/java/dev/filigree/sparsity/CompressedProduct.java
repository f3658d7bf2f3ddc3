package dev.filigree.sparsity;

import dev.filigree.kernels.PackedTokens;
import dev.filigree.kernels.SparseKernels;
import dev.filigree.kernels.SparseMatrix;
import dev.filigree.nn.Linear;
import dev.filigree.torch.CustomFunction;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The product of a linear layer whose weight is stored compressed. It accepts what the layer itself
 * would: float32, and 16-bit numbers under autocast; but always computes in float32.
 */
final class CompressedProduct implements Linear.Product {
  /** Looks at what the dense gradient dYᵀ·X of one backward pass is made of. */
  interface GradientListener {
    /** Whether the input must be kept for the backward pass. */
    boolean isAwaiting();

    /**
     * One backward pass.
     *
     * @param dy [tokens, out]
     * @param x [tokens, in]
     */
    void onGradient(Tensor dy, Tensor x);
  }

  private final String name;
  private final Tensor weight; // [kept]
  private final SparseMatrix matrix;
  private final GradientListener listener;
  private long steps; // of the optimizer, since this product was made

  CompressedProduct(String name, Tensor weight, SparseMatrix matrix, GradientListener listener) {
    this.name = name;
    this.weight = weight;
    this.matrix = matrix;
    this.listener = listener;
  }

  /** Says that the optimizer has changed the values, and maybe their positions. */
  void onStep() {
    steps++;
  }

  @Override
  public Tensor forward(Tensor x, @Nullable Tensor bias) {
    long[] shape = requireInput(x);
    Tensor values = values();
    Tensor flat = x.to(ScalarType.Float).reshape(rows(x), matrix.columns()).contiguous();
    PackedInputs.Shared input = PackedInputs.of(flat);
    Tensor y = torch.empty(flat.size(0), matrix.rows());
    PackedInputs.kernels()
        .forward(matrix, Tensors.segment(values), input.tokens(), null, Tensors.segment(y));
    shape[shape.length - 1] = matrix.rows();
    if (!GradMode.is_enabled()) {
      input.release();
      return withBias(y, bias).view(shape);
    }
    // The unpacked input is needed for a dense gradient only.
    Tensor data = listener.isAwaiting() ? flat.detach().retainReference() : null;
    long step = steps;
    Tensor product =
        CustomFunction.apply(
            flat,
            y,
            dy -> backward(input, data, step, dy),
            () -> {
              input.release();
              if (data != null) {
                data.close();
              }
            });
    return withBias(product, bias).view(shape);
  }

  private long[] requireInput(Tensor x) {
    long[] shape = Tensors.shape(x);
    if (shape.length == 0 || shape[shape.length - 1] != matrix.columns()) {
      throw new IllegalArgumentException(
          "the input of '%s' is %s; its last dimension must be the layer's %d inputs"
              .formatted(name, Arrays.toString(shape), matrix.columns()));
    }
    ScalarType type = Tensors.type(x);
    boolean half = type == ScalarType.Half || type == ScalarType.BFloat16;
    if (!x.is_cpu()
        || (type != ScalarType.Float && !(half && torch.is_autocast_enabled(DeviceType.CPU)))) {
      throw new IllegalArgumentException(
          "the input of '%s' is %s on %s; it is stored compressed and multiplies Float on the CPU"
              .formatted(name, type, x.device().str().getString()));
    }
    return shape;
  }

  /** How many rows of inputs there are, none of an empty batch included. */
  private int rows(Tensor x) {
    long rows = x.numel() / matrix.columns();
    if (rows > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "the input of '" + name + "' has " + rows + " rows; there can be at most 2^31 - 1");
    }
    return (int) rows;
  }

  /** The stored values, as the kernels can read them. */
  private Tensor values() {
    return requireValues(name, weight, matrix).detach();
  }

  /**
   * Checks a tensor that follows the weight.
   *
   * @throws IllegalStateException when it is no longer what the kernels read, as after {@code
   *     model.to} of another type or device
   */
  static Tensor requireValues(String name, Tensor values, SparseMatrix matrix) {
    if (!values.is_cpu()
        || Tensors.type(values) != ScalarType.Float
        || values.numel() != matrix.kept()) {
      throw new IllegalStateException(
          ("'%s' is stored compressed, as %d Float values on the CPU, and was made %s%s on %s: move"
                  + " or convert a model before Sparsity.wrap, or train it masked")
              .formatted(
                  name,
                  matrix.kept(),
                  Tensors.type(values),
                  Arrays.toString(Tensors.shape(values)),
                  values.device().str().getString()));
    }
    return values;
  }

  private static Tensor withBias(Tensor y, @Nullable Tensor bias) {
    return bias == null ? y : y.add(bias);
  }

  /** The gradient of the input; that of the values is added to theirs. */
  private Tensor backward(
      PackedInputs.Shared input, @Nullable Tensor x, long step, Tensor gradient) {
    if (step != steps) {
      throw new IllegalStateException(
          "'"
              + name
              + "' has made a step since the forward pass that this backward pass belongs to");
    }
    Tensor values = values();
    Tensor dy = gradient.contiguous();
    Tensor dx = torch.empty(dy.size(0), matrix.columns());
    Tensor dw = torch.empty(matrix.kept());
    SparseKernels kernels = PackedInputs.kernels();
    try (PackedTokens packed = kernels.pack(Tensors.segment(dy), (int) dy.size(0), matrix.rows())) {
      kernels.inputGradient(matrix, Tensors.segment(values), packed, Tensors.segment(dx));
      kernels.weightGradient(matrix, packed, input.tokens(), Tensors.segment(dw));
    }
    if (x != null) {
      listener.onGradient(dy, x);
    }
    Tensor sum = weight.mutable_grad();
    if (sum.defined()) {
      sum.add_(dw);
    } else {
      sum.put(dw);
    }
    return dx;
  }
}
