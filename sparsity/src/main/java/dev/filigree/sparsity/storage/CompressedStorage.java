package dev.filigree.sparsity.storage;

import dev.filigree.nn.Linear;
import dev.filigree.torch.CustomFunction;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The weight of a linear layer of which only the values exist that its mask keeps: the parameter is
 * one vector [kept], so that gradient and optimizer state have as many elements, and a {@link
 * SparseLayout} has their positions. The layer multiplies by {@link SparseProducts}, inside
 * libtorch's autograd.
 */
public final class CompressedStorage implements Storage, Linear.Product {
  private final Tensor weight;
  private final Linear layer;
  private final SparseProducts products;
  private final GradientListener listener;
  private SparseLayout layout;

  /**
   * Compresses a dense weight.
   *
   * @param weight [out_features, in_features], that of the layer
   * @param mask bool of its shape
   * @param state the optimizer's state of the weight, live; compressed too
   */
  public CompressedStorage(
      Tensor weight,
      Linear layer,
      SparseProducts products,
      GradientListener listener,
      Tensor mask,
      Map<String, Tensor> state) {
    this.weight = weight;
    this.layer = layer;
    this.products = products;
    this.listener = listener;
    layout = products.layout(mask);
    Tensors.inScope(() -> change(state, layout::gather));
    layer.product(this);
  }

  @Override
  public long kept() {
    return layout.kept();
  }

  @Override
  public long structureBytes() {
    return layout.bytes();
  }

  @Override
  public Tensor mask() {
    return layout.scatter(torch.ones_like(weight)).ne(new Scalar(0));
  }

  @Override
  public Tensor toDense(Tensor stored) {
    return layout.scatter(stored);
  }

  @Override
  public Tensor fromDense(Tensor dense) {
    return layout.gather(dense);
  }

  @Override
  public void mask(Tensor mask, Map<String, Tensor> state) {
    SparseLayout before = layout;
    SparseLayout after = products.layout(mask);
    Tensors.inScope(() -> change(state, stored -> after.gather(before.scatter(stored))));
    layout = after;
    before.close();
  }

  /** Gives the weight and what has its form another one; the gradient of the old one is void. */
  private void change(Map<String, Tensor> state, UnaryOperator<Tensor> form) {
    long[] old = Tensors.shape(weight);
    for (var entry : List.copyOf(state.entrySet())) {
      if (Arrays.equals(Tensors.shape(entry.getValue()), old)) {
        state.put(entry.getKey(), Tensors.scoped(() -> form.apply(entry.getValue())));
      }
    }
    weight.mutable_grad().reset();
    weight.set_data(form.apply(weight.detach()));
  }

  @Override
  public void enforce(Map<String, Tensor> state) {
    // What does not exist cannot be anything but zero.
  }

  @Override
  public long counted() {
    return weight.numel();
  }

  @Override
  public long nonzeroOutsideMask() {
    return 0; // there is no outside
  }

  @Override
  public void release(Map<String, Tensor> state) {
    Tensors.inScope(() -> change(state, layout::scatter));
    layer.product(null);
    layout.close();
  }

  @Override
  public Tensor forward(Tensor x, @Nullable Tensor bias) {
    long[] shape = Tensors.shape(x);
    Tensor flat = x.to(ScalarType.Float).reshape(-1, layout.columns()).contiguous();
    shape[shape.length - 1] = layout.rows();
    SparseProducts.Packed packed = products.packShared(flat);
    Tensor y = products.forward(layout, weight.detach(), packed);
    if (!GradMode.is_enabled()) {
      packed.release();
      return withBias(y, bias).view(shape);
    }
    // The unpacked input is needed for a dense gradient only.
    Tensor input = listener.wantsGradient() ? flat.detach() : null;
    Tensor product = CustomFunction.apply(flat, y, dy -> backward(packed, input, dy));
    return withBias(product, bias).view(shape);
  }

  private static Tensor withBias(Tensor y, @Nullable Tensor bias) {
    return bias == null ? y : y.add(bias);
  }

  /** The gradient of the input; that of the values is added to theirs. */
  private Tensor backward(SparseProducts.Packed x, @Nullable Tensor input, Tensor gradient) {
    Tensor dy = gradient.contiguous();
    SparseProducts.Packed packed = products.pack(dy);
    Tensor dx = products.inputGradient(layout, weight.detach(), packed);
    Tensor dw = products.weightGradient(layout, packed, x);
    packed.release();
    x.release();
    if (input != null && listener.wantsGradient()) {
      Tensors.inScope(() -> listener.gradient(dy.t().mm(input)));
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
