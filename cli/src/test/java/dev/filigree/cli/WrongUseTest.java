package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class WrongUseTest {
  static Stream<Arguments> mistakes() {
    return Stream.of(
        Arguments.of("", "COMMAND is missing"),
        Arguments.of("trian", "did you mean train"),
        Arguments.of("train --stepz 3", "'--stepz'"),
        Arguments.of("train --steps many", "'many' is not a long"),
        Arguments.of("train missing.yaml", "missing.yaml: no such file"),
        Arguments.of("train -s sparsity=1.2", "must lie in [0, 1], found 1.2"),
        Arguments.of("train -s sparsty=0.9", "sparsty: unknown key"),
        Arguments.of("train -s sparsity", "expected key.path=value"),
        Arguments.of("train --device tpu", "--device"),
        Arguments.of("train --resume missing", "missing: no such folder"),
        Arguments.of("train --resume . other.yaml", "leave out other.yaml"),
        Arguments.of("train --resume . --seed 3", "leave out --out and --seed"),
        Arguments.of("evaluate", "CHECKPOINT|RUN_DIR"),
        Arguments.of("evaluate missing", "missing: no such folder"),
        Arguments.of("inspect missing", "missing: no such folder"),
        Arguments.of("generate missing", "--prompt"),
        Arguments.of("generate missing --prompt a --temperature -1", "must be 0 or more, found -1"),
        Arguments.of("generate missing --prompt a --tokens 0", "must be 1 or more, found 0"),
        Arguments.of("export missing", "--to"),
        Arguments.of("import missing --to other", "missing: no such folder"),
        Arguments.of(
            "compare --methods rigl,magic", "unknown 'magic'; allowed: dense, small_dense, ac_dc"),
        Arguments.of("compare --seeds 0", "must be 1 or more, found 0"),
        Arguments.of("bench everything", "kernels|layer|step"));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void exitsWithTwoAndOneLineThatSaysWhatIsWrong(String arguments, String message) {
    Program program = Program.run(arguments.isEmpty() ? new String[0] : arguments.split(" ", -1));
    assertThat(program.exitCode()).as(program.err()).isEqualTo(2);
    assertThat(program.out()).isEmpty();
    assertThat(program.err().strip()).startsWith("error: ").contains(message).doesNotContain("\n");
  }
}
