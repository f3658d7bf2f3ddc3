package dev.filigree.sparsity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.testing.Guide;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** What README.md shows compiles and trains sparse. */
class ReadmeTest {
  @Test
  void itsLoopTrainsSparse() {
    try (var _ = new PointerScope()) {
      var model = new Linear(20, 10, true);
      Tensor x = torch.ones(8, 20);
      Tensor y = torch.ones(8, 10);
      long steps = 30;
      Optimizer optimizer = new AdamW(model.parameters(), AdamW.options().lr(2e-4));
      var rigl = RigL.recipe(steps, 0.8).build(); // as in its paper, for a run of this length
      optimizer = Sparsity.wrap(model, optimizer, rigl); // the line that makes it sparse
      for (long step = 0; step < steps; step++) { // the loop stays as it was
        Tensor loss = torch.mse_loss(model.forward(x), y);
        loss.backward();
        optimizer.step();
        optimizer.zeroGrad();
      }
      try (var sparse = (SparseOptimizer) optimizer) {
        sparse.verify();
        assertThat(sparse.sparsity()).isEqualTo(0.8);
      }
    }
  }

  @Test
  void everyLineOfItsJavaStandsInThisTest() {
    new Guide("../README.md")
        .assertLinesStandIn(
            Path.of("src/test/java/dev/filigree/sparsity/ReadmeTest.java"),
            block -> !block.contains("Llama"));
  }
}
