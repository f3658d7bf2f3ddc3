package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigReader;
import example.SignDescent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizersTest {
  private static final SignDescent.Options DEFAULTS = new SignDescent.Options(1e-3, 0, 0.9);

  @BeforeAll
  static void register() {
    Optimizers.register("SignDescent", new SignDescent.Options(1e-3, 0, 0.9), SignDescent::new, 1);
  }

  @Test
  void anOptimizerOfOnesOwnIsReadWithItsOptions() {
    ConfigMap block = map("{lr: 0.5, momentum: 0}");
    Optimizers.Kind<?> kind = Optimizers.named("signdescent");
    OptimizerOptions options = kind.read(block);
    block.rejectUnknown();
    assertThat(options).isEqualTo(DEFAULTS.lr(0.5).with("momentum", 0));
    assertThat(Optimizers.nameOf("SIGNDESCENT")).isEqualTo("SignDescent");

    Tensor weight = torch.full(new long[] {1}, new Scalar(1.0));
    weight.set_requires_grad(true);
    Optimizer optimizer = kind.create(List.of(options.group(List.of(weight))), options);
    weight.mutable_grad().put(torch.full(new long[] {1}, new Scalar(7.0)));
    optimizer.step();
    assertThat(Golden.floats(weight)).containsExactly(0.5f);
  }

  @Test
  void theGuideShowsThisOptimizerAndItsRegistration() throws IOException {
    assertThat(Files.readString(Path.of("../docs/optimizers.md")))
        .contains(
            "```java\n"
                + Files.readString(Path.of("src/test/java/example/SignDescent.java"))
                + "```")
        .contains(
            """
            ```java
            Optimizers.register("SignDescent", new SignDescent.Options(1e-3, 0, 0.9), SignDescent::new, 1);
            ```
            """);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ASGD",
        "Adadelta",
        "Adafactor",
        "Adagrad",
        "Adam",
        "AdamW",
        "Adamax",
        "Lamb",
        "Lion",
        "Muon",
        "NAdam",
        "RAdam",
        "RMSprop",
        "Rprop",
        "SGD"
      })
  void whatIsWrittenIsReadBackTheSame(String name) {
    Optimizers.Kind<?> kind = Optimizers.named(name);
    OptimizerOptions other = kind.read(map("{learning_rate: 0.125}"));
    assertThat(other.lr()).isEqualTo(0.125);
    ConfigMap block = ConfigReader.of(Optimizers.write(other), "written").asMap();
    assertThat(kind.read(block)).isEqualTo(other);
    block.rejectUnknown();
  }

  @Test
  void betasAreAListOrTwoKeys() {
    Optimizers.Kind<?> adam = Optimizers.named("adam");
    assertThat(adam.read(map("{betas: [0.8, 0.95]}"))).isEqualTo(Adam.options().betas(0.8, 0.95));
    assertThat(adam.read(map("{beta2: 0.95}"))).isEqualTo(Adam.options().betas(0.9, 0.95));
    assertThat(Optimizers.write(Adam.options()))
        .containsEntry("betas", List.of(0.9, 0.999))
        .doesNotContainKeys("beta1", "beta2", "lr");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {lr: 1, learning_rate: 1}  | test.yaml:1: lr: 'lr' is another name for 'learning_rate': give only one
          {betas: [0.9]}             | test.yaml:1: betas: expected two numbers, found 1
          {betas: [0.9, 1]}          | test.yaml:1: beta2 must be in [0, 1), found 1.0
          {eps: small}               | test.yaml:1: eps: expected a number, found the text 'small'
          """)
  void badOptionsAreNamedWithTheirPlace(String yaml, String message) {
    assertThatThrownBy(() -> Optimizers.named("AdamW").read(map(yaml))).hasMessage(message);
  }

  @Test
  void aNameIsTakenOnceAndUnknownOnesAreListed() {
    assertThatThrownBy(() -> Optimizers.register("ADAMW", AdamW.options(), AdamW::new, 2))
        .hasMessage("the optimizer 'AdamW' is already registered");
    assertThatThrownBy(() -> Optimizers.named("Adum"))
        .hasMessageStartingWith("unknown optimizer 'Adum'; allowed: Adadelta, Adafactor, ");
    assertThatThrownBy(() -> DEFAULTS.with("beta", 1.0))
        .hasMessage("found [beta], allowed: lr, weightDecay, momentum");
  }

  private static ConfigMap map(String yaml) {
    return ConfigReader.parse(yaml, "test.yaml").asMap();
  }
}
