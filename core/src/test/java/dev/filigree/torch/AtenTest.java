package dev.filigree.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class AtenTest {
  @Test
  void operatorsThatTheBindingDoesNotMapCanBeCalled() {
    List<Tensor> tensors = List.of(torch.ones(2), torch.ones(3));
    Aten.of("_foreach_mul_", "Scalar").call(tensors, 3.0);
    assertThat(tensors.get(1).sum().item_double()).isEqualTo(9);
    TensorVector norms = Aten.of("_foreach_norm", "Scalar").callForList(tensors, 1.0, null);
    assertThat(norms.size()).isEqualTo(2);
    assertThat(norms.get(0).item_double()).isEqualTo(6);
  }

  @Test
  void anOperatorOutlivesTheScopeItWasLookedUpIn() {
    Aten operator;
    try (var _ = new PointerScope()) {
      operator = Aten.of("_foreach_add_", "Scalar");
    }
    Tensor tensor = torch.zeros(1);
    operator.call(List.of(tensor), 2L);
    assertThat(tensor.item_double()).isEqualTo(2);
  }

  @Test
  void unknownOperatorsAndArgumentsAreErrors() {
    assertThatThrownBy(() -> Aten.of("_no_such_operator", ""))
        .hasMessageContaining("aten::_no_such_operator");
    assertThatThrownBy(() -> Aten.of("_foreach_mul_", "Scalar").call("text"))
        .hasMessage("not an operator's argument: text");
  }
}
