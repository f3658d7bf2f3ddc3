package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A tokenizer travels with the tokens and the network from command to command. Losses and numbers
 * of tokens are those of Hugging Face's transformers 5.18 (torch 2.13, float32) on the same files.
 */
class TokenizerTravelTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private int runs;

  /** A file or folder below the resources of the tokenizers. */
  static Path resource(String name) throws Exception {
    URL url = TokenizerTravelTest.class.getResource("tokenizers/" + name);
    return Path.of(Objects.requireNonNull(url, name).toURI());
  }

  private Path at(String name) {
    return folder.resolve(name);
  }

  private static Program good(Object... arguments) {
    Program program = Program.run(strings(arguments));
    assertThat(program.exitCode()).as(program.err()).isZero();
    return program;
  }

  private static String bad(Object... arguments) {
    Program program = Program.run(strings(arguments));
    assertThat(program.exitCode()).as(program.out()).isNotZero();
    assertThat(program.err().lines().filter(line -> line.startsWith("error: "))).hasSize(1);
    return program.err();
  }

  private static String[] strings(Object... arguments) {
    return java.util.Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new);
  }

  private static JsonNode onText(Path checkpoint) throws Exception {
    Program program = good("evaluate", checkpoint, "--text", resource("text-900.txt"), "--json");
    return JSON.readTree(program.out()).path("results").path("text");
  }

  private static void expect(JsonNode figures, long tokens, double loss) {
    assertThat(figures.path("tokens").asLong()).isEqualTo(tokens);
    assertThat(figures.path("loss").asDouble()).isCloseTo(loss, within(2e-6));
  }

  private static JsonNode config(Path checkpoint) throws IOException {
    return JSON.readTree(checkpoint.resolve("config.json").toFile());
  }

  /** Trains as a configuration below the resources says, on data at a place. */
  private Path train(String configuration, Path data, Object... more) throws Exception {
    Path run = at("run" + runs++);
    var arguments = new java.util.ArrayList<Object>();
    arguments.addAll(java.util.List.of("train", resource(configuration), "--out", run, "--quiet"));
    arguments.addAll(
        java.util.List.of(
            "-s", "train_dataloader.data_dir=" + data,
            "-s", "train_dataloader.cache_dir=" + at("cache")));
    arguments.addAll(java.util.List.of(more));
    good(arguments.toArray());
    return run;
  }

  @Test
  void preparedTokensGiveTheirTokenizerToEveryCommandAfterThem() throws Exception {
    good("data", "prepare", resource("corpus"), "--to", at("tokens"), "--tokenizer", "gpt2");
    Path run = train("prepared/prepared.yaml", at("tokens"));
    JsonNode figures = onText(run);
    assertThat(figures.path("tokens").asLong()).isEqualTo(185);
    assertThat(figures.path("loss").asDouble()).isCloseTo(10.763, within(1e-3));
    assertThat(figures.path("bits_per_byte").asDouble()).isCloseTo(3.209, within(1e-3));
    good("export", run, "--to", at("exported"));
    assertThat(config(at("exported")).path("eos_token_id").asLong()).isEqualTo(50256);
    good("import", at("exported"), "--to", at("imported"));
    assertThat(onText(at("imported"))).isEqualTo(figures);
    good("generate", at("imported"), "--prompt", "One", "--tokens", 2);
    Path bytes =
        Files.writeString(
            at("bytes.yaml"),
            Files.readString(resource("prepared/prepared.yaml"))
                .replace("data_dir: tok", "data_dir: " + resource("corpus")));
    assertThat(bad("evaluate", at("imported"), "--config", bytes))
        .contains("its tokenizer is gpt2, that of the data is bytes");
  }

  @Test
  void anotherTokenizerAndATooSmallNetworkAreRefusedBeforeTraining() throws Exception {
    good("data", "prepare", resource("corpus"), "--to", at("tokens"), "--tokenizer", "gpt2");
    String data = "train_dataloader.data_dir=" + at("tokens");
    Path yaml = resource("prepared/prepared.yaml");
    String conflict =
        bad("train", yaml, "--out", at("a"), "-s", data, "-s", "train_dataloader.tokenizer=bytes");
    assertThat(conflict).contains("tokens/manifest.json", "gpt2, not by bytes");
    String small = bad("train", yaml, "--out", at("b"), "-s", data, "-s", "model.vocab_size=300");
    assertThat(small).contains("tokens/manifest.json", "model.vocab_size is 300");
  }

  @Test
  void tokenFilesOfOthersAskForTheirTokenizer() throws Exception {
    Path data = resource("prepared");
    Path run = train("prepared/hdf5.yaml", data);
    assertThat(run.resolve("sample.txt")).doesNotExist();
    assertThat(bad("evaluate", run, "--text", resource("text-900.txt")))
        .contains("give tokenizer in train_dataloader");
    assertThat(bad("generate", run, "--prompt", "One")).contains("does not know its tokenizer");
    Path named = train("prepared/hdf5.yaml", data, "-s", "train_dataloader.tokenizer=gpt2");
    assertThat(onText(named).path("tokens").asLong()).isEqualTo(185);
    String small =
        bad(
            "train",
            resource("prepared/hdf5.yaml"),
            "--out",
            at("small"),
            "-s",
            "train_dataloader.data_dir=" + data,
            "-s",
            "model.vocab_size=300");
    assertThat(small).contains("data-00000.h5: row 0 of 'data'", "model.vocab_size, which is 300");
  }

  @Test
  void theEndOfTextThatTheTokenizersConfigurationNamesIsImported() throws Exception {
    good("import", resource("named-end"), "--to", at("named"));
    expect(onText(at("named")), 178, 9.068202);
    good("import", resource("two-ends"), "--to", at("two"));
    expect(onText(at("two")), 178, 9.177711);
    good("export", at("two"), "--to", at("exported"));
    good("import", at("exported"), "--to", at("again"));
    expect(onText(at("again")), 178, 9.177711);
    assertThat(at("exported/tokenizer_config.json"))
        .hasSameTextualContentAs(resource("two-ends/tokenizer_config.json"));
    assertThat(config(at("exported")).path("eos_token_id").toString()).isEqualTo("[0,1]");
  }

  @Test
  void aTextThatWasLearntEndsWhereItEndedInTraining() throws Exception {
    Path run = train("ends/train.yaml", resource("ends/a.jsonl"));
    String prompt = "One, two";
    Program program = good("generate", run, "--prompt", prompt, "--tokens", 60, "--temperature", 0);
    assertThat(program.out().strip()).isEqualTo("One, two, three, go.");
    good("export", run, "--to", at("exported"));
    assertThat(config(at("exported")).path("eos_token_id").asLong()).isEqualTo(255);
  }

  @Test
  void aContinuationIsJoinedToItsPrompt() throws Exception {
    Path run =
        train(
            "pieces/train.yaml",
            resource("pieces/text"),
            "-s",
            "train_dataloader.tokenizer=" + resource("pieces/tokenizer"));
    Program program =
        good("generate", run, "--prompt", "one two", "--tokens", 6, "--temperature", 0);
    assertThat(program.out().strip()).isEqualTo("one two three one two three one two");

    Path checkpoint = run.resolve("checkpoints/step-000150");
    assertThat(Files.exists(checkpoint.resolve("tokenizer.json"))).isTrue();
    assertThat(Files.exists(checkpoint.resolve("tokenizer_config.json"))).isTrue();
  }
}
