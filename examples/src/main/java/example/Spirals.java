package example;

import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.Dataset;
import dev.filigree.zoo.data.Position;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Points along the three arms of a spiral. */
public record Spirals(Options options) implements Dataset {
  /** Keys of a block of data. */
  public record Options(long points, double noise) {}

  /** Opens what a block describes. */
  public static Spirals open(Options options, DataConfig block) {
    return new Spirals(options);
  }

  @Override
  public String description() {
    return options.points + " points on spirals";
  }

  @Override
  public long size() {
    return options.points;
  }

  /** Points [n, 2] and their arms [n]: of an index always the same. */
  @Override
  public Batch read(List<Position> positions) {
    var points = new float[2 * positions.size()];
    var arms = new long[positions.size()];
    for (int i = 0; i < arms.length; i++) {
      long index = positions.get(i).index();
      arms[i] = index % 3;
      double along = (double) index / options.points;
      double noise = options.noise * new SplittableRandom(index).nextGaussian();
      double angle = 4 * along + 2 * Math.PI * arms[i] / 3 + noise;
      points[2 * i] = (float) (along * Math.cos(angle));
      points[2 * i + 1] = (float) (along * Math.sin(angle));
    }
    Tensor x = torch.tensor(points).reshape(-1, 2);
    return new Batch(x, torch.tensor(arms), null); // null: every label counts
  }
}
