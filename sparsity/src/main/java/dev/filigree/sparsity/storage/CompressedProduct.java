package dev.filigree.sparsity.storage;

import dev.filigree.nn.Linear;
import dev.filigree.torch.CustomFunction;
import dev.filigree.torch.DirectGradients;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The product of a linear layer whose weight is stored compressed, inside libtorch's autograd. It
 * accepts what the layer itself would: float32, and 16-bit numbers under autocast; and computes in
 * the type that the products of its device ask for.
 */
final class CompressedProduct implements Linear.Product {
  private final String name;
  private final Tensor weight; // [kept]
  private final SparseLayout layout;
  private final SparseProducts products;
  private final GradientListener listener;
  private final String device; // that the values were on when this was made
  private long steps; // of the optimizer, since this product was made

  CompressedProduct(
      String name,
      Tensor weight,
      SparseLayout layout,
      SparseProducts products,
      GradientListener listener) {
    this.name = name;
    this.weight = weight;
    this.layout = layout;
    this.products = products;
    this.listener = listener;
    device = weight.device().str().getString();
  }

  /** Says that the optimizer has changed the values. */
  void onStep() {
    steps++;
  }

  @Override
  public Tensor forward(Tensor x, @Nullable Tensor bias) {
    long[] shape = requireInput(x);
    Tensor values = requireValues(weight).detach();
    Tensor flat = x.to(products.computeType(x)).reshape(rows(x), layout.columns()).contiguous();
    SparseProducts.Packed packed = products.packShared(layout, flat);
    Tensor y = products.forward(layout, values, packed);
    shape[shape.length - 1] = layout.rows();
    if (!GradMode.is_enabled()) {
      packed.release();
      return withBias(y, bias).view(shape);
    }
    // The unpacked input is needed for a dense gradient only.
    Tensor input = listener.wantsGradient() ? flat.detach().retainReference() : null;
    long step = steps;
    Tensor product =
        CustomFunction.apply(
            flat,
            y,
            dy -> backward(packed, input, step, dy),
            () -> {
              packed.release();
              if (input != null) {
                input.close();
              }
            });
    return withBias(product, bias).view(shape);
  }

  private static Tensor withBias(Tensor y, @Nullable Tensor bias) {
    return bias == null ? y : y.add(bias.to(Tensors.type(y)));
  }

  /** The gradient of the input; that of the values is added to theirs. */
  private Tensor backward(
      SparseProducts.Packed x, @Nullable Tensor input, long step, Tensor gradient) {
    if (step != steps) {
      throw new IllegalStateException(
          "'"
              + name
              + "' has made a step since the forward pass that this backward pass belongs to");
    }
    Tensor dy = gradient.contiguous();
    SparseProducts.Packed packed = products.pack(dy);
    Tensor dx = products.inputGradient(layout, requireValues(weight).detach(), packed);
    Tensor dw =
        input != null && listener.wantsGradient()
            ? heard(packed, x, dy, input)
            : products.weightGradient(layout, packed, x);
    packed.release();
    DirectGradients.add(weight, dw);
    return dx;
  }

  /** The gradient of the values, where the listener hears of the dense one. */
  private Tensor heard(
      SparseProducts.Packed packed, SparseProducts.Packed x, Tensor dy, Tensor input) {
    return Tensors.scoped(
        () -> {
          Tensor dense = dy.t().mm(input);
          Tensor dw =
              products
                  .ofDenseGradient(layout, dense)
                  .orElseGet(() -> products.weightGradient(layout, packed, x));
          listener.gradient(dense.to(ScalarType.Float));
          return dw;
        });
  }

  private long[] requireInput(Tensor x) {
    long[] shape = Tensors.shape(x);
    if (shape.length == 0 || shape[shape.length - 1] != layout.columns()) {
      throw new IllegalArgumentException(
          "the input of '%s' is %s; its last dimension must be the layer's %d inputs"
              .formatted(name, Arrays.toString(shape), layout.columns()));
    }
    ScalarType type = Tensors.type(x);
    boolean half = type == ScalarType.Half || type == ScalarType.BFloat16;
    if (!x.device().equals(weight.device())
        || (type != ScalarType.Float
            && !(half && torch.is_autocast_enabled(weight.device().type())))) {
      throw new IllegalArgumentException(
          "the input of '%s' is %s on %s; it is stored compressed and multiplies Float on %s"
              .formatted(
                  name, type, x.device().str().getString(), weight.device().str().getString()));
    }
    return shape;
  }

  /** How many rows of inputs there are, none of an empty batch included. */
  private int rows(Tensor x) {
    long rows = x.numel() / layout.columns();
    if (rows > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "the input of '" + name + "' has " + rows + " rows; there can be at most 2^31 - 1");
    }
    return (int) rows;
  }

  /**
   * Checks a tensor of the stored form.
   *
   * @throws IllegalStateException when it is no longer what the products read, as after {@code
   *     model.to} of another type or device
   */
  Tensor requireValues(Tensor values) {
    if (products.obstacle(values).isPresent() || values.numel() != layout.kept()) {
      throw new IllegalStateException(
          ("'%s' is stored compressed, as %d Float values on %s, and was made %s%s on %s: move or"
                  + " convert a model before Sparsity.wrap, or train it masked")
              .formatted(
                  name,
                  layout.kept(),
                  device,
                  Tensors.type(values),
                  Arrays.toString(Tensors.shape(values)),
                  values.device().str().getString()));
    }
    return values;
  }
}
