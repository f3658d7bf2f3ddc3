package example;

import java.util.Random;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Inputs and their classes.
 *
 * @param x float32, the first dimension counts examples
 * @param y int64 [examples], from 0
 */
record Examples(Tensor x, Tensor y) {
  /** Points [n, 2] along the arms of a spiral, one class an arm. */
  static Examples spiral(int arms, int pointsPerArm) {
    var random = new Random(1);
    var points = new float[arms * pointsPerArm * 2];
    var classes = new long[arms * pointsPerArm];
    for (int i = 0; i < classes.length; i++) {
      int arm = i % arms;
      double along = (double) (i / arms) / pointsPerArm;
      double angle = 4 * along + 2 * Math.PI * arm / arms + 0.1 * random.nextGaussian();
      points[2 * i] = (float) (along * Math.cos(angle));
      points[2 * i + 1] = (float) (along * Math.sin(angle));
      classes[i] = arm;
    }
    return new Examples(torch.tensor(points).reshape(-1, 2), torch.tensor(classes));
  }

  /** Noisy pictures [n, 1, 12, 12] of a stripe: horizontal, vertical or diagonal. */
  static Examples stripes(int pictures) {
    int side = 12;
    var random = new Random(2);
    var pixels = new float[pictures * side * side];
    var classes = new long[pictures];
    for (int i = 0; i < pictures; i++) {
      int kind = i % 3;
      int place = 1 + random.nextInt(side - 2);
      for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++) {
          int distance =
              switch (kind) {
                case 0 -> row - place;
                case 1 -> column - place;
                default -> (row + column + place) % side;
              };
          double signal = distance == 0 ? 1 : 0;
          pixels[(i * side + row) * side + column] = (float) (signal + 0.3 * random.nextGaussian());
        }
      }
      classes[i] = kind;
    }
    return new Examples(
        torch.tensor(pixels).reshape(pictures, 1, side, side), torch.tensor(classes));
  }

  /** The share of examples whose largest logit is that of their class; logits [n, classes]. */
  double accuracy(Tensor logits) {
    Tensor right = logits.argmax(new LongOptional(1), false).eq(y);
    return right.to(torch.ScalarType.Float).mean().item_double();
  }
}
