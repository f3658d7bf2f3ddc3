package dev.filigree.sparsity.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class UntouchedTest {
  private static boolean sameAfter(Consumer<Tensor> change) {
    try (var _ = new PointerScope()) {
      Tensor first = torch.ones(3, 5);
      Tensor second = torch.ones(7);
      var untouched = new Untouched();
      list(untouched, first, second);
      assertThat(untouched.isSame()).isFalse();
      untouched.remember();
      change.accept(second);
      list(untouched, first, second);
      return untouched.isSame();
    }
  }

  private static void list(Untouched untouched, Tensor... tensors) {
    untouched.begin();
    List.of(tensors).forEach(untouched::add);
  }

  @Test
  void whatIsOnlyReadIsUntouched() {
    assertThat(sameAfter(tensor -> tensor.sum().item_double())).isTrue();
  }

  @Test
  void aChangeInPlaceIsSeenThroughWhateverSharesTheMemory() {
    assertThat(sameAfter(tensor -> tensor.mul_(new Scalar(2)))).isFalse();
    assertThat(sameAfter(tensor -> tensor.detach().zero_())).isFalse();
    assertThat(sameAfter(tensor -> tensor.narrow(0, 2, 1).add_(new Scalar(1)))).isFalse();
  }

  @Test
  void otherMemoryIsSeen() {
    assertThat(sameAfter(tensor -> tensor.set_data(torch.ones(7)))).isFalse();
  }

  @Test
  void anotherListIsAnother() {
    try (var _ = new PointerScope()) {
      Tensor tensor = torch.ones(4);
      var untouched = new Untouched();
      list(untouched, tensor, new Tensor());
      untouched.remember();
      list(untouched, tensor);
      assertThat(untouched.isSame()).isFalse();
      list(untouched, tensor, new Tensor());
      assertThat(untouched.isSame()).isTrue();
      untouched.forget();
      assertThat(untouched.isSame()).isFalse();
    }
  }
}
