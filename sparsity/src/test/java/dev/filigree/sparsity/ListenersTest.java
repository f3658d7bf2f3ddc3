package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.always;
import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.mask.Counting;
import dev.filigree.mask.Masks;
import dev.filigree.schedule.Schedules;
import dev.filigree.sparsity.algorithm.GraNet;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.Static;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ListenersTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  @Test
  void historyHoldsTargetCountsDroppedAndGrownOfEveryUpdate() {
    var network = new TinyNetwork();
    var sparsity = Schedules.cubic(0.5, 0.9, 0, 12, 3);
    var algorithm = GraNet.builder().sparsity(sparsity).dropFraction(0.3).update(every(3)).build();
    var history = new MaskHistory();
    try (var optimizer = Sparsity.wrap(network, network.adamW(), algorithm)) {
      optimizer.addListener(history);
      network.train(optimizer, 0, 13);
    }
    assertThat(history.updates()).hasSize(8);
    long kept = Counting.kept(800, 0.5);
    for (MaskUpdate update : history.updates("first.weight")) {
      assertThat(update.targetSparsity()).isEqualTo(sparsity.at(update.step()));
      assertThat(update.kept()).isEqualTo(Counting.kept(800, update.targetSparsity()));
      assertThat(update.kept()).isEqualTo(kept - update.dropped() + update.grown());
      assertThat(update.sparsity()).isEqualTo(1 - update.kept() / 800.0);
      kept = update.kept();
    }
    assertThat(history.toString().lines())
        .hasSize(5)
        .startsWith("step dropped grown kept target sparsity")
        .last()
        .asString()
        .startsWith("12 ")
        .endsWith(" 120 0.9000 0.9000");
  }

  @Test
  void overParameterizationIsTheShareOfWeightsThatEverExisted() {
    var network = new TinyNetwork();
    var algorithm =
        SparseEvolution.builder().sparsity(0.8).update(always()).dropFraction(0.5).build();
    try (var optimizer = Sparsity.wrap(network, network.adamW(), algorithm)) {
      var watching = OverParameterization.of(optimizer);
      Tensor ever = optimizer.parameters().getFirst().mask();
      assertThat(watching.rate()).isEqualTo(0.2);
      double before = 0.2;
      for (long step = 0; step < 20; step++) {
        network.train(optimizer, step, step + 1);
        ever = ever.logical_or(optimizer.parameters().getFirst().mask());
        assertThat(watching.rate("first.weight")).isEqualTo(Masks.count(ever) / 800.0);
        assertThat(watching.rate()).isGreaterThan(before);
        before = watching.rate();
      }
      assertThat(before).isGreaterThan(0.5);
    }
  }

  @Test
  void overParameterizationGoesOnFromWhatWasSaved() {
    var network = new TinyNetwork();
    try (var optimizer =
        Sparsity.wrap(network, network.adamW(), Static.builder().sparsity(0.8).build())) {
      var watching = OverParameterization.of(optimizer);
      var saved = watching.everActive();
      watching.add(Map.of("first.weight", torch.ones(40, 20).to(torch.ScalarType.Bool)));
      assertThat(watching.rate("first.weight")).isEqualTo(1);
      assertThat(watching.rate()).isEqualTo(880 / 1200.0);
      assertThat(saved).containsOnlyKeys("first.weight", "second.weight");
      assertThatThrownBy(() -> watching.rate("third.weight"))
          .hasMessageContaining("no sparse parameter 'third.weight'");
      assertThatThrownBy(
              () -> watching.add(Map.of("first.weight", torch.ones(2).to(torch.ScalarType.Bool))))
          .hasMessageContaining("'first.weight' of this shape");
    }
  }
}
