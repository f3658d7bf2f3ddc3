package dev.filigree.sparsity.storage;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Positions on a GPU: an int32 a kept weight, in row-major order, and one for each 4096 elements of
 * the dense weight.
 */
final class CudaLayout implements SparseLayout {
  private final CudaProducts products;
  private final long rows;
  private final long columns;
  private final Tensor positions; // int32 [kept], ascending
  private final Tensor tileStarts; // int32 [tiles + 1]: the first value of each tile

  /**
   * @param mask bool [rows, columns]
   */
  CudaLayout(CudaProducts products, Tensor mask) {
    this.products = products;
    rows = mask.size(0);
    columns = mask.size(1);
    var made = new Tensor[2];
    Tensors.inScope(
        () -> {
          Tensor indices = mask.flatten().nonzero().flatten();
          var options =
              new TensorOptions(ScalarType.Long).device(new DeviceOptional(mask.device()));
          Tensor firsts =
              torch
                  .arange(new Scalar(0L), new Scalar((long) tiles() + 1), options)
                  .mul(new Scalar((long) CudaProducts.TILE));
          made[0] = indices.to(ScalarType.Int).retainReference();
          made[1] = torch.searchsorted(indices, firsts).to(ScalarType.Int).retainReference();
        });
    positions = made[0];
    tileStarts = made[1];
  }

  @Override
  public long rows() {
    return rows;
  }

  @Override
  public long columns() {
    return columns;
  }

  @Override
  public long kept() {
    return positions.numel();
  }

  /** How many pieces of {@link CudaProducts#TILE} elements the dense weight has. */
  int tiles() {
    return Math.toIntExact(Math.ceilDiv(rows * columns, CudaProducts.TILE));
  }

  /** The positions as kernels read them: int32 [kept]. */
  Tensor kernelPositions() {
    return positions;
  }

  /** The first value of each tile, and the number of values: int32 [tiles + 1]. */
  Tensor tileStarts() {
    return tileStarts;
  }

  @Override
  public long bytes() {
    return Integer.BYTES * (positions.numel() + tileStarts.numel());
  }

  @Override
  public Tensor positions() {
    return positions.to(ScalarType.Long);
  }

  @Override
  public Tensor mask() {
    var options = new TensorOptions(ScalarType.Bool).device(new DeviceOptional(positions.device()));
    Tensor mask = torch.zeros(new long[] {rows, columns}, options);
    CudaProducts.mark(this, mask);
    return mask;
  }

  @Override
  public Tensor gather(Tensor dense) {
    return dense.reshape(-1).index_select(0, positions);
  }

  @Override
  public Tensor scatter(Tensor values) {
    if (Tensors.type(values) == ScalarType.Float) {
      Tensor dense = Tensors.emptyBeside(values, ScalarType.Float, rows, columns);
      products.expand(this, values.contiguous(), dense);
      return dense;
    }
    return torch
        .zeros(new long[] {rows * columns}, values.options())
        .index_copy_(0, positions(), values)
        .view(rows, columns);
  }

  @Override
  public void close() {
    positions.close();
    tileStarts.close();
  }
}
