package dev.filigree.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/**
 * Layers begin with PyTorch's own numbers. The reference: {@code torch.manual_seed(7)}, then {@code
 * nn.Linear(3, 2)}, {@code nn.Conv2d(2, 2, 2)}, {@code nn.Embedding(2, 3)}, {@code nn.Linear(5,
 * 3)}, {@code nn.Embedding(5, 4)} of PyTorch 2.13 on a CPU.
 */
class InitialValuesTest {
  private static final double[] LINEAR = {
    0.0403250754, -0.347792119, 0.183841825, 0.181161284, -0.308580369, -0.0865316316
  };
  private static final double[] LINEAR_BIAS = {-0.338227928, 0.149806648};
  private static final double[] CONV = {
    -0.0952358618, 0.248384222, 0.250982702, 0.0360166319, -0.150727585, -0.207663551,
    -0.0388271101, -0.0994998589, 0.155832484, -0.301897883, 0.332283348, -0.277336806,
    0.270735323, -0.0613961555, 0.181863949, 0.137777999
  };
  private static final double[] CONV_BIAS = {0.0147997811, 0.0659244135};
  private static final double[] EMBEDDING = {
    0.496332228, 0.119600035, 0.0937912837, -0.133373871, 0.458871305, -0.149534911
  };
  private static final double[] WIDER = {
    -0.112517089,
    -0.272569388,
    0.215131193,
    -0.221030921,
    -0.238677457,
    0.385868192,
    0.409234524,
    0.0514359102,
    -0.0774407089,
    -0.057728488,
    0.211856186,
    -0.417598665,
    -0.365482807,
    0.357237786,
    0.44150722
  };
  private static final double[] WIDER_BIAS = {-0.0265756659, -0.353366971, 0.0122192735};
  private static final double[] LARGER = {
    -0.38211593, -1.16689408, 0.363575846, -0.315641105, -0.367664158, -0.882180989, 0.546012044,
    0.148512125, -2.25778222, 0.404298425, 0.572198987, 0.307813287, 1.28771985, 0.868438065,
    -1.38219845, -0.963228583, -0.398458838, -0.173167616, 0.756880939, 0.986226261
  };

  @Test
  void layersBeginWithPyTorchsNumbersForTheSameSeed() {
    try (var _ = new PointerScope()) {
      torch.manual_seed(7);
      var layers =
          List.of(
              new Linear(3, 2, true),
              new Conv2d(2, 2, 2, 1, 0, true),
              new Embedding(2, 3),
              new Linear(5, 3, true),
              new Embedding(5, 4));
      var found = new ArrayList<Tensor>();
      layers.forEach(layer -> found.addAll(Tensors.namedParameters(layer).values()));
      List<double[]> expected =
          List.of(LINEAR, LINEAR_BIAS, CONV, CONV_BIAS, EMBEDDING, WIDER, WIDER_BIAS, LARGER);
      assertThat(found).hasSameSizeAs(expected);
      for (int i = 0; i < found.size(); i++) {
        Tensor flat = found.get(i).detach().flatten();
        for (int j = 0; j < expected.get(i).length; j++) {
          assertThat((double) flat.get(j).item_float())
              .as("tensor %d, element %d", i, j)
              .isCloseTo(expected.get(i)[j], within(2e-7));
        }
      }
    }
  }

  @Test
  void layersOfZerosDrawNothing() {
    try (var _ = new PointerScope()) {
      torch.manual_seed(7);
      assertThat(Linear.zeros(3, 2, true).weight().count_nonzero().item_long()).isZero();
      Conv2d.zeros(2, 2, 2, 1, 0, true);
      Embedding.zeros(2, 3);
      assertThat((double) new Linear(3, 2, true).weight().detach().flatten().get(0).item_float())
          .isCloseTo(LINEAR[0], within(2e-7));
    }
  }
}
