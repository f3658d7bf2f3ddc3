package dev.filigree.zoo.train;

import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.DataException;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.data.Position;
import dev.filigree.zoo.model.ImageClassifier;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Model;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;

/** Whether data are such as a network takes. */
public final class DataFit {
  private DataFit() {}

  /**
   * Refuses pictures of another size now, and from now on tokens and classes that the network does
   * not know.
   *
   * @throws DataException with the file and the key of the configuration that disagree
   */
  public static void require(Model model, DataLoader data) {
    switch (model) {
      case LanguageModel language -> data.ids(language.vocabularySize(), "model.vocab_size");
      case ImageClassifier pictures -> {
        requireSize(pictures, data);
        data.ids(pictures.classes(), "model.num_classes");
      }
      default -> {}
    }
  }

  /** All pictures of a data set have the size of its first. */
  private static void requireSize(ImageClassifier model, DataLoader data) {
    var first = new Position(0, 0);
    try (var _ = new PointerScope()) {
      long[] shape = Tensors.shape(data.dataset().read(List.of(first)).inputs());
      model
          .obstacle(Arrays.stream(shape).skip(1).boxed().toList())
          .ifPresent(
              obstacle -> {
                throw new DataException(data.dataset().place(first, "inputs") + ": " + obstacle);
              });
    }
  }
}
