package dev.filigree.cli;

import dev.filigree.io.Json;
import dev.filigree.zoo.data.DataPreparation;
import dev.filigree.zoo.data.DocumentSources;
import dev.filigree.zoo.data.TokenStore;
import dev.filigree.zoo.data.Tokenizers;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Turns documents into a folder of tokens. */
@Command(
    name = "prepare",
    description = {
      "Turns documents into a folder of tokens that data_dir can name.",
      "Run again, it goes on where it stopped, and does nothing when all is done."
    },
    sortOptions = false,
    usageHelpAutoWidth = true,
    footer = {
      "",
      "Example:",
      "  filigree data prepare corpus.jsonl.zst --to tokens/ --tokenizer gpt2 --text-key text"
    })
final class DataPrepareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "SOURCE",
      description =
          "Folders, texts, JSON lines, packed (gz, zst, xz, bz2) or not, .zip archives, or 'jdk'"
              + " for the JDK's own sources.")
  private List<String> sources = List.of();

  @Option(names = "--to", required = true, paramLabel = "DIR", description = "Where the tokens go.")
  private Path target = Path.of("");

  @Option(
      names = "--tokenizer",
      defaultValue = "bytes",
      paramLabel = "NAME",
      description = "bytes, gpt2 or the path of a tokenizer.json. Default: bytes.")
  private String tokenizer = "";

  @Option(
      names = "--glob",
      paramLabel = "GLOB",
      description = "Which files of folders and archives, such as '**.txt'. Default: all.")
  private @Nullable String glob;

  @Option(
      names = "--text-key",
      defaultValue = "text",
      paramLabel = "KEY",
      description = "The key of the text in objects of JSON. Default: text.")
  private String textKey = "";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that encode. Default: one a core.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (threads < 1) {
      throw new ParameterException(
          spec.commandLine(), "--threads must be at least 1, found " + threads);
    }
    var preparation =
        new DataPreparation(DocumentSources.of(sources, glob, textKey), Tokenizers.of(tokenizer))
            .threads(threads);
    if (Terminal.columns() > 0) {
      preparation.progress(new TokenCounter(spec.commandLine().getErr()));
    }
    print(preparation.into(target));
    return ExitCode.OK;
  }

  /** One line on the terminal that is drawn over as the work goes on. */
  private static final class TokenCounter implements DataPreparation.Progress {
    private static final long REDRAW_NANOS = 250_000_000;

    private final PrintWriter err;
    private final long start = System.nanoTime();
    private long documents;
    private long tokens;
    private long drawnAt;

    TokenCounter(PrintWriter err) {
      this.err = err;
    }

    @Override
    public void report(long moreDocuments, long moreTokens, long moreBytes) {
      documents += moreDocuments;
      tokens += moreTokens;
      long now = System.nanoTime();
      if (now - drawnAt >= REDRAW_NANOS) {
        drawnAt = now;
        err.printf(
            Locale.ROOT,
            "\r%,d documents · %,d tokens · %,.0f tokens/s",
            documents,
            tokens,
            tokens / ((now - start) / 1e9));
        err.flush();
      }
    }
  }

  private void print(DataPreparation.Result result) {
    TokenStore store = result.store();
    PrintWriter out = spec.commandLine().getOut();
    if (Terminal.columns() > 0) {
      spec.commandLine().getErr().println();
    }
    store.notes().forEach(note -> spec.commandLine().getErr().println("note: " + note));
    if (json) {
      Map<String, Object> line = new TreeMap<>();
      line.put("documents", store.documents());
      line.put("tokens", store.tokens());
      line.put("bytes", store.bytes());
      line.put("prepared_documents", result.prepared());
      line.put("seconds", result.seconds());
      line.put("tokens_per_second", result.tokensPerSecond());
      out.println(Json.indented(line));
      return;
    }
    out.printf(
        Locale.ROOT,
        "%s: %,d documents, %,d tokens, %,d bytes of text%n",
        store.folder(),
        store.documents(),
        store.tokens(),
        store.bytes());
    if (result.prepared() > 0) {
      out.printf(
          Locale.ROOT, "%.1f s, %,.0f tokens/s%n", result.seconds(), result.tokensPerSecond());
    } else {
      out.println("It was there already.");
    }
  }
}
