package dev.filigree.zoo.train;

import dev.filigree.io.Failures;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.zoo.report.MaskPictures;
import dev.filigree.zoo.train.event.TrainingException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;

/** Pictures of a few masks before the first step and after the last, for the report. */
final class RunPictures {
  private final Path directory;
  private final List<SparseParameter> chosen;

  RunPictures(Path directory, Session session) {
    this.directory = directory;
    List<SparseParameter> sparse = session.sparseParameters();
    List<String> names = MaskPictures.chosen(sparse.stream().map(SparseParameter::name).toList());
    chosen = sparse.stream().filter(parameter -> names.contains(parameter.name())).toList();
  }

  void save(long step) {
    try (var _ = new PointerScope()) {
      for (SparseParameter parameter : chosen) {
        MaskPictures.save(directory, parameter.name(), step, parameter.mask());
      }
    } catch (IOException e) {
      throw new TrainingException(
          directory + ": pictures cannot be written: " + Failures.reason(e), e);
    }
  }
}
