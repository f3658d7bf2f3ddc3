package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class SlotTest {
  private static Slot slot(ScalarType type) {
    Tensor parameter = torch.zeros(2).to(type);
    return new Slot(parameter, parameter, Map.of());
  }

  @Test
  void slotsOfOneTypeAreUpdatedByOneCall() {
    List<Slot> slots =
        List.of(slot(ScalarType.Float), slot(ScalarType.Double), slot(ScalarType.Float));
    assertThat(Slot.byKind(slots))
        .containsExactly(List.of(slots.get(0), slots.get(2)), List.of(slots.get(1)));
  }

  @Test
  void theMachineEpsilonIsThatOfTheType() {
    assertThat(slot(ScalarType.Float).machineEpsilon()).isEqualTo(Math.ulp(1f));
    assertThat(slot(ScalarType.Double).machineEpsilon()).isEqualTo(Math.ulp(1.0));
    assertThat(slot(ScalarType.Half).machineEpsilon()).isEqualTo(1.0 / 1024);
    assertThat(slot(ScalarType.BFloat16).machineEpsilon()).isEqualTo(1.0 / 128);
  }
}
