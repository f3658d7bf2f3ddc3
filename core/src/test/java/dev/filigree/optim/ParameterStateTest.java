package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class ParameterStateTest {
  private final ParameterState state = new ParameterState();

  @Test
  void tensorsPutInsideAScopeSurviveIt() {
    try (var _ = new PointerScope()) {
      state.put("a", torch.ones(3));
    }
    assertThat(Golden.floats(held("a"))).containsExactly(1, 1, 1);
  }

  @Test
  void aReplacedTensorIsReadableUntilTheScopeEnds() {
    state.put("a", torch.ones(2));
    Tensor old;
    try (var _ = new PointerScope()) {
      old = held("a");
      assertThat(state.put("a", torch.zeros(2))).isSameAs(old);
      assertThat(Golden.floats(old)).containsExactly(1, 1);
    }
    assertThat(old.isNull()).isTrue();
    assertThat(Golden.floats(held("a"))).containsExactly(0, 0);
  }

  @Test
  void everyWayOfReplacingKeepsTheNewTensor() {
    state.put("a", torch.ones(1));
    state.put("b", torch.ones(1));
    try (var _ = new PointerScope()) {
      state.replaceAll((_, tensor) -> tensor.add(tensor));
      state.entrySet().iterator().next().setValue(torch.zeros(1));
    }
    assertThat(Golden.floats(held("a"))).containsExactly(0);
    assertThat(Golden.floats(held("b"))).containsExactly(2);
    state.keySet().removeIf(name -> name.equals("a"));
    assertThat(state).containsOnlyKeys("b");
    state.clear();
    assertThat(state).isEmpty();
  }

  private Tensor held(String name) {
    return Objects.requireNonNull(state.get(name));
  }
}
