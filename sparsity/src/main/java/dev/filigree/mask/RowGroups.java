package dev.filigree.mask;

import org.bytedeco.pytorch.Tensor;

/** Groups of consecutive weights: the whole parameter, groups of outputs, N:M. */
final class RowGroups implements SelectionGroups {
  private final long[] shape;
  private final long groups;
  private final long size;
  private final long leastKept;

  RowGroups(long[] shape, long groups, long leastKept) {
    this.shape = shape.clone();
    this.groups = groups;
    this.size = Shapes.size(shape) / groups;
    this.leastKept = leastKept;
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  @Override
  public long groups() {
    return groups;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long kept(double sparsity) {
    return Math.max(leastKept, Counting.kept(size, sparsity));
  }

  @Override
  public Tensor arrange(Tensor values) {
    return values.reshape(groups, size);
  }

  @Override
  public Tensor restore(Tensor mask) {
    return mask.reshape(shape);
  }

  @Override
  public long index(long position) {
    return position;
  }

  @Override
  public long position(long index) {
    return index;
  }
}
