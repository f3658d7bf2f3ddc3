package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.filigree.nn.Linear;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.sparsity.algorithm.Static;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the library warns about reaches the program's log, in one line and once. */
class LibraryWarningsTest {
  private static final SparsityOptions MASKED =
      SparsityOptions.defaults().execution(Execution.MASKED);

  /** Wraps a layer, steps the inner optimizer so many times, and gives the warnings. */
  private static List<String> warnings(Linear layer, int stepsPastTheWrapper) {
    var log = (Logger) LoggerFactory.getLogger("dev.filigree.sparsity");
    var appender = new ListAppender<ILoggingEvent>();
    appender.start();
    log.addAppender(appender);
    var sgd = new SGD(layer.parameters(), SGD.options().lr(0.1));
    try (var sparse =
        Sparsity.wrap(layer, sgd, AlgorithmGroup.of(Static.recipe(0.5).build()), MASKED)) {
      for (int i = 0; i < stepsPastTheWrapper; i++) {
        sgd.step();
        sparse.zeroGrad();
      }
    } finally {
      log.detachAppender(appender);
    }
    return appender.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void aWeightThatIsAllZeroIsNamed() {
    try (var _ = new PointerScope()) {
      assertThat(warnings(Linear.zeros(4, 4, true), 0))
          .containsExactly("weight is all zero: initialise or load the model before it is wrapped");
      assertThat(warnings(new Linear(4, 4, true), 0)).isEmpty();
    }
  }

  @Test
  void stepsPastTheWrapperAreSaidOnce() {
    try (var _ = new PointerScope()) {
      assertThat(warnings(new Linear(4, 4, true), 3))
          .singleElement()
          .satisfies(line -> assertThat(line).contains("was stepped past it, 1 time"));
    }
  }
}
