package dev.filigree.bench;

import dev.filigree.io.Csv;
import dev.filigree.io.Durable;
import dev.filigree.zoo.data.Dataset;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether the best learning rate moves with width and density, in the standard parametrization and
 * in SμPar (Dey et al. 2024, arXiv:2405.15743).
 */
final class SuparBenchmark {
  static final String CSV = "supar.csv";

  private final SuparSettings settings;

  SuparBenchmark(SuparSettings settings) {
    this.settings = settings;
  }

  Path folder() {
    return settings.to();
  }

  /** Trains them all and writes a table and a picture. */
  void run(Consumer<SuparRow> rows) {
    try {
      List<SuparRow> all = train(rows);
      write(all);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<SuparRow> train(Consumer<SuparRow> rows) throws IOException {
    Dataset text = new SuparCase(settings, false, settings.widths().getFirst(), 1).data();
    var all = new ArrayList<SuparRow>();
    for (boolean supar : new boolean[] {false, true}) {
      for (double density : settings.densities()) {
        for (long width : settings.widths()) {
          var trained = new SuparCase(settings, supar, width, density);
          for (int rate : settings.rates()) {
            SuparCase.Outcome outcome = trained.train(text, Math.pow(2, rate));
            var row =
                new SuparRow(
                    supar ? "supar" : "standard",
                    width,
                    density,
                    rate,
                    finite(outcome.loss()),
                    finite(outcome.change()));
            all.add(row);
            rows.accept(row);
          }
        }
      }
    }
    return all;
  }

  private static @Nullable Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }

  private void write(List<SuparRow> rows) throws IOException {
    var table = new StringBuilder(Csv.line(SuparRow.COLUMNS));
    rows.forEach(row -> table.append(Csv.line(row.cells())));
    Files.createDirectories(folder());
    Durable.replace(folder().resolve(CSV), table.toString());
    Durable.replace(folder().resolve(SuparPicture.NAME), SuparPicture.of(rows));
  }
}
