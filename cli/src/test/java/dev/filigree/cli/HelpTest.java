package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class HelpTest {
  /** The words of every command, those below other commands included. */
  static Stream<List<String>> commands() {
    var all = new ArrayList<List<String>>();
    collect(new CommandLine(new Main()), List.of(), all);
    return all.stream();
  }

  private static void collect(CommandLine command, List<String> words, List<List<String>> all) {
    all.add(words);
    command
        .getSubcommands()
        .forEach(
            (name, child) ->
                collect(child, Stream.concat(words.stream(), Stream.of(name)).toList(), all));
  }

  private static CommandSpec spec(List<String> words) {
    CommandLine command = new CommandLine(new Main());
    for (String word : words) {
      command = Objects.requireNonNull(command.getSubcommands().get(word), word);
    }
    return command.getCommandSpec();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasHelpWithAnExample(List<String> words) {
    var arguments = new ArrayList<>(words);
    arguments.add("--help");
    Program program = Program.run(arguments.toArray(String[]::new));
    assertThat(program.exitCode()).isZero();
    assertThat(program.err()).isEmpty();
    assertThat(program.out()).containsPattern("Examples?:\\R  filigree " + String.join(" ", words));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyOptionSaysWhatItDoes(List<String> words) {
    assertThat(spec(words).options())
        .allSatisfy(
            option -> assertThat(option.description()).as(option.longestName()).isNotEmpty());
  }

  @Test
  void theCommandsOfTheContractAreThere() {
    assertThat(new CommandLine(new Main()).getSubcommands())
        .containsKeys(
            "train",
            "evaluate",
            "generate",
            "compare",
            "inspect",
            "prune",
            "advise",
            "export",
            "import",
            "bench",
            "doctor");
  }

  @Test
  void theOptionsOfTrainAreThoseOfTheContract() {
    assertThat(spec(List.of("train")).optionsMap().keySet())
        .containsAll(
            Arrays.asList(
                "-s",
                "--out",
                "--steps",
                "--device",
                "--execution",
                "--checkpoint-every",
                "--resume",
                "--seed",
                "--dry-run",
                "--quiet"));
  }

  @Test
  void theVersionIsThatOfTheBuild() {
    Program program = Program.run("--version");
    assertThat(program.exitCode()).isZero();
    assertThat(program.out()).containsPattern("Filigree \\d+\\.\\d+\\.\\d+").contains("Java 2");
  }
}
