package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.nn.BatchNorm2d;
import dev.filigree.nn.Conv2d;
import dev.filigree.nn.Layer;
import dev.filigree.safetensors.ElementType;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnNetworkTest {
  @TempDir private Path folder;

  /** With a buffer, and a parameter that is called as quantised weights call theirs. */
  static final class Scaled extends Model {
    record Options(long channels, boolean wide) {}

    private final Conv2d convolution;
    private final BatchNorm2d norm;
    private final Gate gate;

    Scaled(Options options) {
      convolution = register("convolution", new Conv2d(1, options.channels, 3, 1, 1, false));
      norm = register("norm", new BatchNorm2d(options.channels));
      gate = register("gate", new Gate(options));
    }

    @Override
    public Tensor loss(Batch batch) {
      Tensor x = norm.forward(convolution.forward(batch.inputs()));
      return x.amax(new long[] {2, 3}, false).mul(gate.scales).mean();
    }
  }

  private static final class Gate extends Layer {
    private final Tensor scales;

    Gate(Scaled.Options options) {
      Tensor ones = torch.ones(options.channels);
      scales = registerParameter("scales", options.wide ? ones.to(ScalarType.Double) : ones);
    }
  }

  record Clashing(long sparsity) {}

  @BeforeAll
  static void register() {
    Models.register("scaled", new Scaled.Options(4, false), Scaled::new);
  }

  @Test
  void itsParametersAndBuffersAreWrittenAndReadUnderTheirNames() {
    try (var _ = new PointerScope()) {
      Model model = Models.of("scaled", new Scaled.Options(5, false)).create(3);
      model.loss(new Batch(torch.rand(2, 1, 6, 6), torch.zeros(2), null)); // moves the averages
      HuggingFaceFolder.write(folder, model.config(), model.tensors(), ElementType.F32);

      var notes = new ArrayList<String>();
      Model read = HuggingFaceFolder.read(folder, notes);
      assertThat(notes).isEmpty();
      assertThat(read).isInstanceOf(Scaled.class);
      assertThat(read.config()).isEqualTo(model.config());
      assertThat(model.tensors().keySet())
          .containsExactlyInAnyOrder(
              "convolution.weight",
              "norm.weight",
              "norm.bias",
              "norm.running_mean",
              "norm.running_var",
              "gate.scales");
      model
          .tensors()
          .forEach((name, tensor) -> assertThat(tensor.equal(read.tensors().get(name))).isTrue());
    }
  }

  @Test
  void itsInitialWeightsAreThoseOfTheSeed() {
    ModelConfig config = Models.of("scaled", new Scaled.Options(4, false));
    Tensor first = weight(config.create(7));
    Tensor same = weight(config.create(7));
    Tensor other = weight(config.create(8));
    assertThat(Tensors.segment(first).mismatch(Tensors.segment(same))).isEqualTo(-1);
    assertThat(Tensors.segment(first).mismatch(Tensors.segment(other))).isNotEqualTo(-1);
    assertThat(config.parameters())
        .extracting(ParameterSpec::name, ParameterSpec::shape)
        .contains(
            org.assertj.core.groups.Tuple.tuple("convolution.weight", List.of(4L, 1L, 3L, 3L)));
  }

  private static Tensor weight(Model model) {
    return Objects.requireNonNull(model.tensors().get("convolution.weight"));
  }

  @Test
  void whatACheckpointCannotHoldIsRefusedBeforeTraining() {
    assertThatThrownBy(() -> Models.of("scaled", new Scaled.Options(4, true)).parameters())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("scaled", "gate.scales", "Double", "float32");
  }

  @Test
  void anOptionCannotHaveTheNameOfAKeyOfConfigJson() {
    assertThatThrownBy(
            () ->
                Models.register(
                    "clash", new Clashing(1), _ -> new Scaled(new Scaled.Options(1, false))))
        .hasMessage("model 'clash': an option cannot be called 'sparsity'");
  }

  @Test
  void aNetworkThatItsConstructorMadeSaysWhyItHasNoConfiguration() {
    assertThatThrownBy(() -> new Scaled(new Scaled.Options(2, false)).config())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Models.register");
  }
}
