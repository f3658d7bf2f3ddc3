package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdviseCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void theBestNetworkOfABudgetIsNamedWithWhatTheLawIsGoodFor() {
    Program program = Program.run("advise", "--tokens", "2e9", "--flops", "1e18");
    assertThat(program.exitCode()).isZero();
    assertThat(program.err()).isEmpty();
    assertThat(program.out())
        .contains(
            "Best: 93.8 % sparse", "loss 3.1307", ": 3.2433", "20 million to 1.9 billion", "C4");
  }

  @Test
  void aBestNetworkThatTheLawDoesNotKnowIsWarnedOf() {
    Program program = Program.run("advise", "--tokens", "1e6", "--flops", "1e12");
    assertThat(program.exitCode()).isZero();
    assertThat(program.err()).startsWith("warning: the best: ").contains("20 million");
  }

  @Test
  void hoursAreThoseOfThisMachine() throws Exception {
    Program program = Program.run("advise", "--hours", "2", "--json");
    // A machine that is busy with other things is not measured, and says so.
    assumeThat(program.err()).doesNotContain("other programs keep this machine too busy");
    assertThat(program.exitCode()).as(program.err()).isZero();
    JsonNode json = JSON.readTree(program.out());
    double speed = json.path("dense_flops_per_second").asDouble();
    assertThat(speed).isBetween(1e9, 1e15);
    assertThat(json.path("flops").asDouble()).isCloseTo(7200 * speed, within(speed));
    JsonNode dense = json.path("candidates").path(0);
    assertThat(6 * dense.path("kept").asDouble() * dense.path("tokens").asDouble())
        .isCloseTo(7200 * speed, within(speed));
    assertThat(json.path("candidates")).hasSize(7);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--tokens 2e9 | give one of --flops N and --hours H",
        "--flops 1 --hours 1 | give one of",
        "--flops -1 | --flops must be above 0, found -1.0",
        "--hours 0 | --hours must be above 0",
        "--flops 1e18 --tokens NaN | --tokens must be above 0"
      })
  void whatIsNoBudgetIsRefusedInOneLine(String options, String message) {
    var arguments = new ArrayList<>(List.of("advise"));
    arguments.addAll(List.of(options.split(" ")));
    Program program = Program.run(arguments.toArray(String[]::new));
    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err().lines()).hasSize(1);
    assertThat(program.err()).contains(message);
  }
}
