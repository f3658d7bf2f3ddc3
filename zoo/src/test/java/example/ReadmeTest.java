package example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.torch.Tensors;
import dev.filigree.zoo.model.Llama;
import dev.filigree.zoo.model.LlamaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** What the README shows of the zoo compiles outside its packages, and runs. */
class ReadmeTest {
  @Test
  void aNetworkOfTheZooIsMadeInTwoLines() {
    try (var _ = new PointerScope()) {
      Tensor tokens = torch.tensor(1L, 2L, 3L).reshape(1, 3);
      var config =
          LlamaConfig.of(Map.of("vocab_size", 256, "hidden_size", 64, "num_hidden_layers", 2));
      var model = new Llama(config);
      Tensor logits = model.logits(tokens); // [batch, sequence] to [batch, sequence, 256]
      assertThat(Tensors.shape(logits)).containsExactly(1, 3, 256);
      assertThat(logits.std().item_double()).isPositive();
    }
  }

  @Test
  void itsLinesStandInThisTest() throws IOException {
    List<String> here =
        Files.readAllLines(Path.of("src/test/java/example/ReadmeTest.java")).stream()
            .map(String::strip)
            .toList();
    String readme = Files.readString(Path.of("../README.md"));
    int end = readme.indexOf("```", readme.indexOf("LlamaConfig.of"));
    String block = readme.substring(readme.lastIndexOf("```java\n", end), end);
    assertThat(here).containsAll(block.lines().skip(1).map(String::strip).toList());
  }
}
