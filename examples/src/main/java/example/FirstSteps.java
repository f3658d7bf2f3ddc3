package example;

import dev.filigree.optim.AdamW;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.torch.Libtorch;
import dev.filigree.zoo.model.Llama;
import dev.filigree.zoo.model.LlamaConfig;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Trains a small Llama with a fifth of its weights. */
public final class FirstSteps {
  private FirstSteps() {}

  public static void main(String[] arguments) {
    Libtorch.prepare(); // first of all: what libtorch needs for full speed
    var config =
        LlamaConfig.of(Map.of("vocab_size", 256, "hidden_size", 64, "num_hidden_layers", 2));
    var model = new Llama(config); // any libtorch Module
    Tensor text = torch.randint(256, new long[] {8, 65}).to(ScalarType.Long); // bytes
    Tensor inputs = text.narrow(1, 0, 64);
    Tensor targets = text.narrow(1, 1, 64);

    long steps = 100;
    Optimizer optimizer = new AdamW(model.parameters(), AdamW.options().lr(1e-3));
    var rigl = RigL.recipe(steps, 0.8).build(); // as in its paper, for a run of this length
    optimizer = Sparsity.wrap(model, optimizer, rigl); // the line that makes it sparse
    for (long step = 1; step <= steps; step++) { // the loop stays as it was
      try (var _ = new PointerScope()) { // frees the tensors of a step
        Tensor logits = model.logits(inputs); // [batch, sequence, 256]
        Tensor loss = torch.cross_entropy_loss(logits.flatten(0, 1), targets.flatten());
        loss.backward();
        optimizer.step();
        optimizer.zeroGrad();
        System.out.println("step " + step + ": loss " + loss.item_float());
      }
    }
    System.out.println(optimizer);
  }
}
