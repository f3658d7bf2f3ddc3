package dev.filigree.sparsity.storage;

import dev.filigree.nn.Linear;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * The weight of a linear layer of which only the values exist that its mask keeps: the parameter is
 * one vector [kept], so that gradient and optimizer state have as many elements, and a {@link
 * SparseLayout} has their positions. The layer multiplies by {@link SparseProducts}, inside
 * libtorch's autograd.
 */
public final class CompressedStorage implements Storage {
  private final String name;
  private final Tensor weight;
  private final Linear layer;
  private final SparseProducts products;
  private final GradientListener listener;
  private SparseLayout layout;
  private CompressedProduct product;

  /**
   * Compresses a dense weight.
   *
   * @param name the parameter's, for errors
   * @param weight [out_features, in_features], that of the layer
   * @param mask bool of its shape
   * @param state the optimizer's state of the weight, live; compressed too
   */
  public CompressedStorage(
      String name,
      Tensor weight,
      Linear layer,
      SparseProducts products,
      GradientListener listener,
      Tensor mask,
      Map<String, Tensor> state) {
    this.name = name;
    this.weight = weight;
    this.layer = layer;
    this.products = products;
    this.listener = listener;
    layout = products.layout(mask);
    Tensors.inScope(() -> change(state, layout::gather));
    product = newProduct();
  }

  private CompressedProduct newProduct() {
    var made = new CompressedProduct(name, weight, layout, products, listener);
    layer.product(made);
    return made;
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
    return layout.mask();
  }

  @Override
  public Tensor toDense(Tensor stored) {
    // A count of each weight, such as its age, has the values' form and another type.
    return layout.scatter(stored.is_floating_point() ? product.requireValues(stored) : stored);
  }

  @Override
  public Tensor fromDense(Tensor dense) {
    return layout.gather(dense);
  }

  @Override
  public void mask(Tensor mask, Map<String, Tensor> state) {
    SparseLayout before = layout;
    SparseLayout after = products.layout(mask);
    Tensors.inScope(() -> change(state, after.rearranging(before)));
    layout = after;
    product = newProduct();
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
    product.onStep(); // what does not exist cannot be anything but zero
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
  public void makeDense(Map<String, Tensor> state) {
    Tensors.inScope(() -> change(state, layout::scatter));
  }

  @Override
  public void detach() {
    layer.product(null);
    layout.close();
  }
}
