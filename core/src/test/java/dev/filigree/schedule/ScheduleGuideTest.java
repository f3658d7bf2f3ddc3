package dev.filigree.schedule;

import static dev.filigree.schedule.LearningRates.cosineDecay;
import static dev.filigree.schedule.LearningRates.linearDecay;
import static dev.filigree.schedule.LearningRates.sequential;
import static dev.filigree.schedule.Schedules.cosine;
import static dev.filigree.schedule.Schedules.cubic;
import static dev.filigree.schedule.UpdateSchedules.atSteps;
import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.config.Default;
import dev.filigree.optim.ParameterGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/schedules.md shows is true: its YAML is read, its Java stands in this file. */
class ScheduleGuideTest {
  private static final Path GUIDE = Path.of("../docs/schedules.md");
  private static final Path THIS =
      Path.of("src/test/java/dev/filigree/schedule/ScheduleGuideTest.java");

  @Test
  void itsJavaDoesWhatItSays() {
    Schedule dropFraction = cosine(0.5, 3000);
    Schedule sparsity = cubic(0.5, 0.9, 0, 10_000, 100);
    double now = dropFraction.at(1500);
    Schedule.Range range = sparsity.range(0, 5000);
    assertThat(now).isEqualTo(0.25);
    assertThat(range).isEqualTo(new Schedule.Range(0.5, sparsity.at(5000), sparsity.at(5000)));

    UpdateSchedule regular = every(100).from(200).until(3000);
    UpdateSchedule some = atSteps(5, 17, 100);
    UpdateSchedule doubling = step -> Long.bitCount(step) == 1;
    assertThat(regular.isUpdate(2900) && some.isUpdate(17) && doubling.isUpdate(512)).isTrue();

    var group = new ParameterGroup(List.of(), 0, 0);
    long step = 716;
    Schedule learningRate =
        sequential(List.of(linearDecay(0, 6e-4, 716), cosineDecay(6e-4, 6e-5, 4062)), 716);
    group.learningRate(learningRate.at(step));
    assertThat(group.learningRate()).isEqualTo(6e-4);
  }

  @Test
  void itsYamlIsReadWithTheSchedulesOfYourOwn() throws IOException {
    Schedule halving = step -> 0.5 * Math.pow(0.5, step / 1000.0);
    Schedules.register("halving", Halving.class, "init");
    Schedules.register(
        "decaying",
        config -> {
          double init = config.number("init");
          double every = config.number("every");
          return step -> init * Math.pow(0.5, step / every);
        },
        "init");
    var read = new ArrayList<Object>();
    for (String block : blocks("yaml")) {
      ConfigReader.parse(block, "schedules.md")
          .asMap()
          .entries()
          .forEach((key, node) -> read.add(read(key, node)));
    }
    assertThat(read)
        .startsWith(
            cosine(0.5, 3000),
            cubic(0.5, 0.9, 0, 10_000, 100),
            every(100).from(200).until(3000),
            atSteps(5, 17, 100))
        .hasSize(10);
    assertThat(((Schedule) read.getLast()).at(1234)).isEqualTo(halving.at(1234));
  }

  record Halving(double init, @Default("1000") double everySteps) implements Schedule {
    @Override
    public double at(long step) {
      return init * Math.pow(0.5, step / everySteps);
    }
  }

  @Test
  void aRecordOfYourOwnIsWrittenBackByItsComponents() {
    LearningRates.register("ThirdingLR", Thirding.class);
    Schedule own = LearningRates.parse(ConfigReader.parse("ThirdingLR: {}", "test.yaml"));
    assertThat(own.describe()).isEqualTo("{ThirdingLR: {initial_learning_rate: 3}}");
    assertThat(LearningRates.parse(ConfigReader.parse(own.describe(), "test.yaml"))).isEqualTo(own);
    assertThatThrownBy(
            () ->
                LearningRates.parse(
                    ConfigReader.parse("ThirdingLR: {initial_learning_rate: -1}", "test.yaml")))
        .hasMessageContaining("initial_learning_rate: must be a finite number of at least 0");
  }

  record Thirding(@Default("3") double initialLearningRate) implements Schedule {
    @Override
    public double at(long step) {
      return initialLearningRate * Math.pow(3, (double) -step);
    }
  }

  @Test
  void everyLineOfItsJavaStandsInThisTest() throws IOException {
    List<String> here = Files.readAllLines(THIS).stream().map(String::strip).toList();
    for (String block : blocks("java")) {
      assertThat(here).containsAll(block.lines().map(String::strip).toList());
    }
  }

  private static Object read(String key, ConfigNode node) {
    return switch (key) {
      case "sparsity", "drop_fraction" -> Schedules.parse(node);
      case "update" -> UpdateSchedules.parse(node);
      case "optimizer" -> node.asMap(); // the tags that the schedulers beside it name
      case "schedulers" -> OptimizerSchedules.parse(node);
      default -> throw node.error("not read by this test");
    };
  }

  private static List<String> blocks(String language) throws IOException {
    return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
        .matcher(Files.readString(GUIDE))
        .results()
        .map(match -> match.group(1))
        .toList();
  }
}
