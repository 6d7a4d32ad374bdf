app_name = "detections"
urlpatterns = []
