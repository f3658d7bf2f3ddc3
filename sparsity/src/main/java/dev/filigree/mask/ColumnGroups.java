package dev.filigree.mask;

import org.bytedeco.pytorch.Tensor;

/** Groups of consecutive inputs, over all outputs. */
final class ColumnGroups implements SelectionGroups {
  private final long[] shape;
  private final long outputs;
  private final long groups;
  private final long width; // weights of one output in one group

  ColumnGroups(long[] shape, long groups) {
    this.shape = shape.clone();
    this.outputs = shape[0];
    this.groups = groups;
    this.width = Shapes.row(shape) / groups;
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
    return outputs * width;
  }

  @Override
  public Tensor arrange(Tensor values) {
    return values.reshape(outputs, groups, width).permute(1, 0, 2).reshape(groups, size());
  }

  @Override
  public Tensor restore(Tensor mask) {
    return mask.reshape(groups, outputs, width).permute(1, 0, 2).reshape(shape);
  }

  @Override
  public long index(long position) {
    long group = position / size();
    long output = position % size() / width;
    return (output * groups + group) * width + position % width;
  }

  @Override
  public long position(long index) {
    long output = index / (groups * width);
    long group = index / width % groups;
    return (group * outputs + output) * width + index % width;
  }
}
