package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.config.ConfigException;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;

/** Configurations that nobody meant: no input gives a stack trace, what is accepted reads back. */
class YamlFuzzTest {
  private static final Path MODEL_ZOO = Path.of("../zoo/src/test/resources/modelzoo-configs");
  private static final List<String> TEXTS = texts();
  private static final AtomicLong REFUSED = new AtomicLong();
  private static final AtomicLong ACCEPTED = new AtomicLong();

  private static List<String> texts() {
    var texts = new ArrayList<String>();
    texts.add(TinyConfig.yaml(Path.of("text"), Path.of("cache")));
    texts.add(RunConfig.defaults(List.of()).toYaml());
    try (Stream<Path> files = Files.list(MODEL_ZOO)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".yaml")).sorted().toList()) {
        texts.add(Files.readString(file));
      }
    } catch (IOException e) {
      throw new AssertionError("the example configurations are missing", e);
    }
    return texts;
  }

  @Tag("reliability")
  @Property(tries = 300, shrinking = ShrinkingMode.OFF)
  void aChangedConfigurationIsRefusedInOneLineOrReadsBackEqual(@ForAll long seed) {
    check(seed);
  }

  @Tag("reliability")
  @Property(tries = 5_000, shrinking = ShrinkingMode.OFF)
  void manyChangedConfigurationsAreRefusedInOneLineOrReadBackEqual(@ForAll long seed) {
    check(seed);
  }

  @Tag("reliability")
  @Property(tries = 2_000)
  void anyTextIsRefusedInOneLineOrReadsBackEqual(@ForAll String text) {
    check(text);
  }

  private static void check(long seed) {
    var random = new Random(seed);
    var mutation = new YamlMutation(TEXTS.get(random.nextInt(TEXTS.size())), random);
    check(mutation.apply());
  }

  private static void check(String text) {
    RunConfig config;
    try {
      config = RunConfig.parse(text, "fuzz.yaml", List.of());
      RunPlan.of(config);
    } catch (ConfigException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
      REFUSED.incrementAndGet();
      return;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError("no clear error for:\n" + text, e);
    }
    String yaml = config.toYaml();
    RunConfig again = RunConfig.parse(yaml, "again.yaml", List.of());
    assertThat(again).describedAs(text).isEqualTo(config);
    ACCEPTED.incrementAndGet();
  }

  @AfterContainer
  static void report() {
    long all = REFUSED.get() + ACCEPTED.get();
    if (all > 1_000) {
      Findings.add(
          "14-yaml",
          "configurations with random changes (values, keys, blocks, characters), and random texts",
          "%,d".formatted(all),
          "%,d refused with one line, %,d accepted, each of which reads back equal from its own YAML"
              .formatted(REFUSED.get(), ACCEPTED.get()),
          "nothing");
    }
  }
}
