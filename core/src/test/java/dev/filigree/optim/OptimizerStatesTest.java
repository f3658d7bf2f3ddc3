package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OptimizerStatesTest {
  private final Golden golden = new Golden("adamw");
  private final List<Tensor> parameters = golden.parameters();
  private final Map<String, Tensor> named = OptimizerContractTest.named(parameters);
  private final Optimizer optimizer = new AdamW(parameters, AdamW.options());

  @BeforeEach
  void step() {
    golden.backward(parameters, 0);
    optimizer.step();
  }

  @Test
  void tensorsAreNamedByParameterAndState() {
    assertThat(OptimizerStates.save(optimizer, named))
        .hasSize(9)
        .containsKeys("layer.0.weight/exp_avg", "layer.2.weight/exp_avg_sq", "layer.1.weight/step");
  }

  @Test
  void parametersThatNeverHadAGradientAreReported() {
    var saved = new HashMap<>(OptimizerStates.save(optimizer, named));
    saved.keySet().removeIf(name -> name.startsWith("layer.1."));
    assertThat(OptimizerStates.load(optimizer, named, saved)).containsExactly("layer.1.weight");
    assertThat(optimizer.state(parameters.get(1))).isEmpty();
  }

  @Test
  void aLoadedStateIsACopy() {
    Map<String, Tensor> saved = new HashMap<>(OptimizerStates.save(optimizer, named));
    Tensor average = torch.ones(4, 3);
    saved.put("layer.0.weight/exp_avg", average);
    OptimizerStates.load(optimizer, named, saved);
    golden.backward(parameters, 1);
    optimizer.step();
    assertThat(Golden.floats(average)).containsOnly(1);
  }

  @Test
  void statesThatDoNotFitAreNamedAndChangeNothing() {
    Map<String, Tensor> saved = OptimizerStates.save(optimizer, named);
    float[] before = Golden.floats(Golden.get(saved, "layer.0.weight/exp_avg"));

    var unknown = new HashMap<>(saved);
    unknown.put("layer.9.weight/exp_avg", torch.zeros(1));
    assertThatThrownBy(() -> OptimizerStates.load(optimizer, named, unknown))
        .hasMessage(
            "optimizer state layer.9.weight/exp_avg belongs to no parameter of the optimizer");

    var misshapen = new HashMap<>(saved);
    misshapen.put("layer.0.weight/exp_avg", torch.zeros(3, 4));
    assertThatThrownBy(() -> OptimizerStates.load(optimizer, named, misshapen))
        .hasMessage(
            "optimizer state layer.0.weight/exp_avg has the shape [3, 4], its parameter [4, 3]");

    var incomplete = new HashMap<>(saved);
    incomplete.remove("layer.2.weight/exp_avg_sq");
    assertThatThrownBy(() -> OptimizerStates.load(optimizer, named, incomplete))
        .hasMessage("the saved optimizer state of layer.2.weight lacks [exp_avg_sq]");

    assertThat(Golden.floats(Golden.get(optimizer.state(parameters.get(0)), "exp_avg")))
        .isEqualTo(before);
  }

  @Test
  void everyParameterNeedsAName() {
    named.remove("layer.1.weight");
    assertThatThrownBy(() -> OptimizerStates.save(optimizer, named))
        .hasMessage("a parameter of the optimizer has no name, one of shape [5]");
  }
}
