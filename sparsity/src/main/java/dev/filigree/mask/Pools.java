package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One group of pools that stand and fall together: blocks, whole rows, whole columns.
 *
 * <p>The parameter is seen as [down, height, across, width]; a pool is all of one (down, across).
 */
final class Pools implements SelectionGroups {
  private static final long[] INSIDE = {1, 3};

  private final long[] shape;
  private final ScoreShaper.Pool pool;
  private final long down;
  private final long height;
  private final long across;
  private final long width;

  Pools(long[] shape, ScoreShaper.Pool pool, long down, long height, long across, long width) {
    this.shape = shape.clone();
    this.pool = pool;
    this.down = down;
    this.height = height;
    this.across = across;
    this.width = width;
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  @Override
  public long groups() {
    return 1;
  }

  @Override
  public long size() {
    return down * across;
  }

  @Override
  public boolean pooled() {
    return true;
  }

  @Override
  public Tensor arrange(Tensor values) {
    Tensor weights = values.reshape(down, height, across, width);
    Tensor pools =
        switch (pool) {
          case MAX -> weights.amax(INSIDE, false);
          case MEAN ->
              Tensors.type(values) == ScalarType.Bool ? weights.amax(INSIDE, false) : mean(weights);
        };
    return pools.reshape(1, size());
  }

  private static Tensor mean(Tensor weights) {
    // Summed in float64, so that the order of the sum, which differs between devices, hardly ever
    // shows in the float32 score.
    return weights
        .mean(INSIDE, false, new ScalarTypeOptional(ScalarType.Double))
        .to(ScalarType.Float);
  }

  @Override
  public Tensor restore(Tensor mask) {
    return mask.reshape(down, 1, across, 1).expand(down, height, across, width).reshape(shape);
  }

  @Override
  public long index(long position) {
    return position;
  }

  @Override
  public long position(long index) {
    long output = index / (across * width);
    return output / height * across + index / width % across;
  }
}
